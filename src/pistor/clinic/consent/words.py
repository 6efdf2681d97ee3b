"""What the person who signs reads and ticks, in the language of the text. What only the clinic reads stays English."""

from __future__ import annotations

ENGLISH = {
    "read": "I have read this text, or it was read to me",
    "read_first": "Tick this once the text has been read.",
    "asked": "I could ask what I wanted to know",
    "asked_first": "Tick this once all questions are answered.",
    "signature": "Signature",
    "who": "Who signs, and what the signature says",
    "patient": "The patient",
    "guardian": "A legal representative",
    "signer_name": "Name of the person who signs",
    "name_hint": "Needed where the name is typed instead of a drawing, or a representative signs. Under a drawing of the patient an empty field is: {patient}.",
    "name_first": "Type the name as it should stand under the text.",
    "draw": "Draw it with finger, pen or mouse. Without a pointer: tick the box below and sign by typing the name.",
    "clear": "Clear the signature",
    "drawn": "Signature drawn.",
    "cleared": "Signature cleared.",
    "typed": "I sign by typing my name instead of drawing",
    "sign_somehow": "Draw the signature in the field, or tick this to sign by typing the name.",
    "interpreter": "Interpreter",
    "interpreter_name": "Name of the interpreter, if one helped",
    "interpreter_hint": "An interpreter signs beside the patient or the legal representative, never in their place.",
    "interpreter_name_first": "Type the name of the interpreter, or take the tick below away.",
    "interpreted": "The interpreter signs the sentence above by typing the name",
    "interpreted_first": "Tick this once the interpreter has read the sentence above, or leave the name of the interpreter empty.",
    "sign": "Sign consent",
}
FRENCH = {
    "read": "J’ai lu ce texte, ou on me l’a lu",
    "read_first": "Cochez cette case une fois le texte lu.",
    "asked": "J’ai pu poser mes questions",
    "asked_first": "Cochez cette case une fois que vous avez eu toutes les réponses.",
    "signature": "Signature",
    "who": "Qui signe, et ce que dit la signature",
    "patient": "Le patient ou la patiente",
    "guardian": "Un représentant légal",
    "signer_name": "Nom de la personne qui signe",
    "name_hint": "À remplir si le nom est tapé au lieu d’un tracé, ou si un représentant signe. Sous le tracé du patient, un champ vide signifie : {patient}.",
    "name_first": "Écrivez le nom tel qu’il doit figurer sous le texte.",
    "draw": "Signez avec le doigt, un stylet ou la souris. Sinon, cochez la case ci-dessous et signez en tapant votre nom.",
    "clear": "Effacer la signature",
    "drawn": "La signature est tracée.",
    "cleared": "La signature est effacée.",
    "typed": "Je signe en tapant mon nom au lieu de le tracer",
    "sign_somehow": "Tracez la signature dans le cadre, ou cochez cette case pour signer en tapant le nom.",
    "interpreter": "Interprète",
    "interpreter_name": "Nom de l’interprète, s’il y en a un",
    "interpreter_hint": "L’interprète signe à côté du patient ou du représentant légal, jamais à leur place.",
    "interpreter_name_first": "Écrivez le nom de l’interprète, ou décochez la case ci-dessous.",
    "interpreted": "L’interprète signe la phrase ci-dessus en tapant son nom",
    "interpreted_first": "Cochez cette case une fois que l’interprète a lu la phrase ci-dessus, ou laissez son nom vide.",
    "sign": "Signer le consentement",
}


def words_in(language: str) -> dict[str, str]:
    """English where there are no words in a language yet."""
    return FRENCH if language == "fr" else ENGLISH
