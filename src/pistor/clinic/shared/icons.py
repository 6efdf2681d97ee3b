"""Icons as SVG drawings on a 20 by 20 field, drawn by us with one line weight."""

_LINE = 'fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"'

ICONS = {
    "check": f'<g {_LINE}><circle cx="10" cy="10" r="7.5"/><path d="M6.5 10.2l2.4 2.4 4.6-5"/></g>',
    "triangle": f'<g {_LINE}><path d="M10 3l7.5 13.5h-15z"/><path d="M10 8v4M10 14.2v.1"/></g>',
    "arrow": f'<g {_LINE}><circle cx="10" cy="10" r="7.5"/><path d="M6.5 10h7M10.5 7l3 3-3 3"/></g>',
    "octagon": f'<g {_LINE}><path d="M6.9 2.5h6.2l4.4 4.4v6.2l-4.4 4.4H6.9l-4.4-4.4V6.9zM7.3 7.3l5.4 5.4M12.7 7.3l-5.4 5.4"/></g>',
    "question": f'<g {_LINE} ><circle cx="10" cy="10" r="7.5" stroke-dasharray="2.6 2.2"/>'
    '<path d="M7.9 8a2.2 2.2 0 1 1 3.2 2c-.8.4-1.1.8-1.1 1.7M10 14.1v.1"/></g>',
    "info": f'<g {_LINE}><circle cx="10" cy="10" r="7.5"/><path d="M10 9.2v4.6M10 6.3v.1"/></g>',
    "todo": f'<g {_LINE}><circle cx="10" cy="10" r="7.5"/></g>',
    "progress": f'<g {_LINE}><circle cx="10" cy="10" r="7.5"/></g><path d="M10 2.5a7.5 7.5 0 0 1 0 15z" fill="currentColor"/>',
    "lock": f'<g {_LINE}><rect x="4.5" y="9" width="11" height="8" rx="1.5"/><path d="M6.8 9V6.5a3.2 3.2 0 0 1 6.4 0V9"/></g>',
    "problem": f'<g {_LINE}><path d="M10 3l7.5 13.5h-15z"/><path d="M10 8v4M10 14.2v.1"/></g>',
    "search": f'<g {_LINE}><circle cx="8.8" cy="8.8" r="5.3"/><path d="M12.8 12.8l4 4"/></g>',
    "plus": f'<g {_LINE}><path d="M10 4v12M4 10h12"/></g>',
    "print": f'<g {_LINE}><path d="M5.5 7V3h9v4M5.5 14h-2V7.5h13V14h-2"/><rect x="5.5" y="11.5" width="9" height="5.5"/></g>',
    "calendar": f'<g {_LINE}><rect x="3" y="4.5" width="14" height="12.5" rx="1.5"/><path d="M3 8.5h14M7 2.8v3M13 2.8v3"/></g>',
    "next": f'<g {_LINE}><path d="M4 10h12M11 5l5 5-5 5"/></g>',
}
