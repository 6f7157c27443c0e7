/** The style sheet of HTML reports. Colours are variables, so that dark and print only redefine them. */
export const STYLE = `
:root { color-scheme: light dark; --paper: #ffffff; --ink: #111827; --soft: #4b5563; --rule: #e2e5ea; --panel: #f6f7f9; --accent: #1d4ed8;
  --chart-ink: #4b5563; --chart-grid: #e5e7eb; --chart-mark: #be123c; }
@media screen and (prefers-color-scheme: dark) { :root { --paper: #14171c; --ink: #e7e9ed; --soft: #a3abb8; --rule: #2c323b; --panel: #1c2128;
  --accent: #8ab4ff; --chart-ink: #a3abb8; --chart-grid: #2c323b; --chart-mark: #fb7185; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 40px 32px 48px; max-width: 1000px; background: var(--paper); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif; }
header { border-bottom: 2px solid var(--ink); padding-bottom: 14px; }
header p { margin: 0; color: var(--soft); }
.product { font-size: 12px; font-weight: 600; letter-spacing: .08em; text-transform: uppercase; }
h1 { margin: 2px 0; font-size: 28px; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 0 0 12px; font-size: 19px; line-height: 1.3; }
nav { display: flex; flex-wrap: wrap; gap: 4px 18px; padding: 12px 0; border-bottom: 1px solid var(--rule); font-size: 13px; }
nav a { color: var(--accent); text-decoration: none; }
nav a:hover, nav a:focus { text-decoration: underline; }
section { padding-top: 30px; }
p { margin: 0 0 12px; max-width: 75ch; overflow-wrap: anywhere; }
section:first-of-type > h2 + p { font-size: 19px; line-height: 1.45; font-weight: 600; max-width: none; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(200px, 1fr)); gap: 14px 24px; margin: 16px 0 20px; }
dl > div { border-left: 3px solid var(--rule); padding-left: 11px; }
dl > .wide { grid-column: 1 / -1; }
dt { color: var(--soft); font-size: 12.5px; }
dd { margin: 0; font-weight: 600; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
dd.help { font-weight: 400; font-size: 12px; color: var(--soft); }
.scroll { overflow-x: auto; margin: 0 0 18px; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; font-variant-numeric: tabular-nums; }
caption { caption-side: bottom; text-align: left; padding-top: 8px; color: var(--soft); font-size: 12.5px; line-height: 1.45; }
th, td { padding: 6px 9px; text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule); unicode-bidi: isolate; overflow-wrap: break-word; }
th { font-weight: 600; font-size: 12.5px; color: var(--soft); border-bottom: 1.5px solid var(--soft); vertical-align: bottom; }
th[title] { cursor: help; }
td:first-child { font-weight: 600; max-width: 26ch; overflow-wrap: anywhere; }
table.prose td:first-child { min-width: 13em; }
.right { text-align: right; }
td.right { white-space: nowrap; }
figure { margin: 0 0 26px; }
figcaption { font-size: 13.5px; font-weight: 600; margin-bottom: 4px; }
.marks { display: block; font-weight: 400; color: var(--soft); font-size: 12.5px; overflow-wrap: anywhere; }
.marks b { color: var(--chart-mark); }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 0; padding: 0; list-style: none; font-size: 12.5px; color: var(--soft); }
.legend li { overflow-wrap: anywhere; }
.legend i { display: inline-block; width: 10px; height: 10px; margin-right: 6px; border-radius: 2px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
svg { display: block; width: 100%; height: auto; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.code pre { margin: 0; padding: 12px 14px; overflow-x: auto; background: var(--panel); border: 1px solid var(--rule); border-radius: 6px;
  font: 12.5px/1.5 ui-monospace, "Cascadia Mono", "Liberation Mono", Menlo, Consolas, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
footer { margin-top: 34px; padding-top: 10px; border-top: 1px solid var(--rule); color: var(--soft); font-size: 11.5px; overflow-wrap: anywhere; }
@page { size: A4; margin: 16mm 14mm; }
@media print {
  body { padding: 0; max-width: none; font-size: 10pt; }
  nav { display: none; }
  h1 { font-size: 20pt; } h2 { font-size: 13pt; break-after: avoid; }
  section { padding-top: 16pt; }
  section:first-of-type > h2 + p { font-size: 12.5pt; }
  .scroll { overflow: visible; }
  table { font-size: 8pt; } th, caption { font-size: 7.5pt; } th, td { padding: 3pt 4pt; }
  thead { display: table-header-group; }
  tr, figure, dl > div, .short { break-inside: avoid; }
  figure.code { break-inside: auto; }
  figcaption, .legend { break-after: avoid; }
  .code pre { font-size: 8pt; }
  dl { grid-template-columns: repeat(4, 1fr); gap: 8pt 12pt; }
  dd, dt, dd.help { font-size: 8.5pt; }
}
`;
