// Reads a square code with the camera, or from a picture, into a field that also takes what is typed or comes from a hand scanner.
// The reader (zxing, some 400 kB) is fetched when Scan is first pressed, never before.

const SEPARATOR = "{GS}"; // a field cannot hold the sign itself; one at the end says that all separators were handed on
const EVERY_MS = 120;

let reader;
function ready(box) {
  reader ??= new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), { src: box.dataset.reader, onerror: reject });
    script.onload = () => {
      ZXingWASM.prepareZXingModule({ overrides: { locateFile: (path, prefix) => path.endsWith(".wasm") ? box.dataset.wasm : prefix + path } });
      resolve(ZXingWASM);
    };
    document.head.append(script);
  }).catch((problem) => { reader = undefined; throw problem; });
  return reader;
}

// One code as the server reads it, or nothing where the picture holds none or several.
async function codeIn(box, picture) {
  const zxing = await ready(box);
  const found = await zxing.readBarcodes(picture, { formats: ["DataMatrix", "QRCode", "Code128", "EAN13"], textMode: "Plain", tryHarder: true, maxNumberOfSymbols: 4 });
  const valid = found.filter((one) => one.isValid), square = valid.filter((one) => ["DataMatrix", "QRCode"].includes(one.symbology));
  const codes = new Map((square.length ? square : valid).map((one) => [one.text, one.symbologyIdentifier]));
  if (codes.size !== 1) return undefined;
  const [[text, symbology]] = codes;
  return symbology + text.replaceAll("\x1d", SEPARATOR) + SEPARATOR;
}

// Watches the camera until a code is seen, Stop is pressed or the page goes away.
export function scan(box, onCode) {
  const video = box.querySelector("video"), said = box.querySelector("[data-said]"), frame = document.createElement("canvas");
  let stream, stopped = false;
  const stop = (words = "") => {
    stopped = true;
    for (const track of stream?.getTracks() ?? []) track.stop();
    video.srcObject = null;
    video.hidden = true;
    said.textContent = words;
    box.dispatchEvent(new CustomEvent("scan-stopped"));
  };
  const look = async () => {
    if (stopped) return;
    if (video.videoWidth) {
      frame.width = video.videoWidth;
      frame.height = video.videoHeight;
      const context = frame.getContext("2d", { willReadFrequently: true });
      context.drawImage(video, 0, 0);
      const code = await codeIn(box, context.getImageData(0, 0, frame.width, frame.height));
      if (stopped) return;
      if (code) {
        stop("Code read.");
        onCode(code);
        return;
      }
    }
    setTimeout(() => look().catch(failed), EVERY_MS);
  };
  const failed = (problem) => stop(problem?.name === "NotAllowedError"
    ? "The browser does not let this page use the camera. Allow it, choose a picture, or type the code."
    : problem?.name === "NotFoundError" ? "There is no camera here. Choose a picture, or type the code."
      : "The camera cannot be used. Choose a picture, or type the code.");
  (async () => {
    said.textContent = "Starting the camera…";
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
    if (stopped) return stop();
    video.srcObject = stream;
    video.hidden = false;
    await video.play();
    said.textContent = "Hold the square code before the camera.";
    await look();
  })().catch(failed);
  window.addEventListener("pagehide", () => stop(), { once: true });
  return () => stop("Stopped.");
}

for (const box of document.querySelectorAll("[data-scan]")) {
  const button = box.querySelector("[data-scan-start]"), field = document.getElementById(box.dataset.scan);
  if (!navigator.mediaDevices?.getUserMedia) continue; // over plain http there is no camera: the picture and the field remain
  let stop;
  const idle = () => { stop = undefined; button.textContent = "Scan with the camera"; };
  box.addEventListener("scan-stopped", idle);
  button.hidden = false;
  button.addEventListener("click", () => {
    if (stop) return stop();
    button.textContent = "Stop the camera";
    stop = scan(box, (code) => {
      field.value = code;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      box.dispatchEvent(new CustomEvent("scan-read", { bubbles: true }));
      if (box.hasAttribute("data-scan-submit")) field.form.requestSubmit();
    });
  });
}
