/**
 * A report as one HTML file that needs nothing else: charts inline, style inline, no script, no request. It reads on a
 * screen in light and dark and prints on A4. Everything that comes from a workload is untrusted and escaped.
 */
import { Refusal } from '../model/refusal';
import type { ReportBlock, ReportTable } from '../model/report';
import type { ChartBlock, Exporter } from './exporter';
import { STYLE } from './html-style';
import { parseScenario, toScenario, type EmbeddedScenario } from './scenario';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
/** Control characters are not allowed in HTML, and some hide text; a replacement shows that something was there. */
// eslint-disable-next-line no-control-regex -- they are what is looked for
const FORBIDDEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\uFFFE\uFFFF]/g;

const escape = (text: string): string =>
  text.replace(FORBIDDEN, '\uFFFD').replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);

const unescape = (text: string): string =>
  text.replace(
    /&(?:amp|lt|gt|quot|#39);/g,
    (entity) => Object.entries(ENTITIES).find(([, name]) => name === entity)?.[0] ?? entity,
  );

const SCENARIO_OPEN = '<pre hidden data-faultline="scenario">';
const SUMMARY_OPEN = '<pre hidden data-faultline="summary">';
const CLOSE = '</pre>';
/** Tables up to this many rows stay on one page in print. */
const SHORT_TABLE = 12;
/** Longer values of a fact take a row of their own. */
const WIDE_FACT = 48;
/** Marks that are listed below a chart; the table of changes has all. */
const MOST_MARKS = 20;

const colour = (value: string): string => (/^#[0-9a-f]{6}([0-9a-f]{2})?$/i.test(value) ? value : '#64748b');

function table({ columns, rows, caption }: ReportTable & { readonly caption: string }): string {
  const of = (index: number): string => (columns[index]?.align === 'right' ? ' class="right"' : '');
  const head = columns.map(
    ({ title, help }, index) =>
      `<th scope="col"${of(index)}${help === undefined ? '' : ` title="${escape(help)}"`}>${escape(title)}</th>`,
  );
  const body = rows.map(
    (row) => `<tr>${row.map((cell, index) => `<td${of(index)}>${escape(cell)}</td>`).join('')}</tr>`,
  );
  const helps = columns.filter(({ help }) => help !== undefined).map(({ title, help }) => `${title}: ${help ?? ''}.`);
  const frame = rows.length <= SHORT_TABLE ? 'scroll short' : 'scroll';
  const prose = columns[0]?.align === 'left' && columns.at(-1)?.align === 'left' ? ' class="prose"' : '';
  const note = [caption, ...helps].join(' ');
  return `<div class="${frame}"><table${prose}>\n<caption>${escape(note)}</caption>\n<thead><tr>${head.join('')}</tr></thead>\n<tbody>\n${body.join('\n')}\n</tbody>\n</table></div>`;
}

function chart(block: ChartBlock, drawChart: (block: ChartBlock) => string): string {
  const legend = block.series.map(
    ({ name, colour: value }) => `<li><i style="background:${colour(value)}"></i>${escape(name)}</li>`,
  );
  const marks = block.marks.slice(0, MOST_MARKS).map(({ label }, index) => `<b>${index + 1}</b> ${escape(label)}`);
  const left = block.marks.length - marks.length;
  const note =
    marks.length === 0
      ? ''
      : ` <span class="marks">Marks: ${marks.join(' · ')}${left > 0 ? ` · and ${left} more` : ''}</span>`;
  return `<figure>\n<figcaption>${escape(block.caption)}${note}</figcaption>\n<ul class="legend">${legend.join('')}</ul>\n${drawChart(block)}\n</figure>`;
}

function html(block: Exclude<ReportBlock, { kind: 'heading' }>, drawChart: (block: ChartBlock) => string): string {
  switch (block.kind) {
    case 'paragraph':
      return `<p>${escape(block.text)}</p>`;
    case 'facts':
      return `<dl>${block.facts
        .map(
          ({ label, value, help }) =>
            `<div${value.length > WIDE_FACT ? ' class="wide"' : ''}><dt>${escape(label)}</dt><dd>${escape(value)}</dd>${help === undefined ? '' : `<dd class="help">${escape(help)}</dd>`}</div>`,
        )
        .join('\n')}</dl>`;
    case 'table':
      return table(block);
    case 'code':
      return `<figure class="code">\n<figcaption>${escape(block.caption)}</figcaption>\n<pre>${escape(`\n${block.text}`)}</pre>\n</figure>`;
    case 'chart':
      return chart(block, drawChart);
  }
}

interface Section {
  readonly title: string;
  readonly parts: string[];
}

function toSections(blocks: readonly ReportBlock[], drawChart: (block: ChartBlock) => string): readonly Section[] {
  const sections: Section[] = [];
  for (const block of blocks) {
    if (block.kind === 'heading') sections.push({ title: block.text, parts: [] });
    else {
      if (sections.length === 0) sections.push({ title: 'Report', parts: [] });
      sections.at(-1)?.parts.push(html(block, drawChart));
    }
  }
  return sections;
}

export const htmlExporter: Exporter = {
  id: 'html',
  title: 'HTML, one self-contained file',
  extension: 'html',
  mediaType: 'text/html; charset=utf-8',
  write({ input, blocks, drawChart }) {
    const { summary, machine } = input;
    const sections = toSections(blocks, drawChart);
    const contents = sections.map(({ title }, index) => `<a href="#section-${index + 1}">${escape(title)}</a>`);
    const body = sections.map(
      ({ title, parts }, index) =>
        `<section id="section-${index + 1}">\n<h2>${escape(title)}</h2>\n${parts.join('\n')}\n</section>`,
    );
    return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="Faultline ${escape(summary.engineVersion)}">
<title>${escape(summary.workload.name)} · Faultline report</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<p class="product">Faultline report</p>
<h1>${escape(summary.workload.name)}</h1>
<p>on ${escape(machine.title)}</p>
</header>
<nav>${contents.join('')}</nav>
<main>
${body.join('\n')}
</main>
<footer>Faultline ${escape(summary.engineVersion)} · ${summary.complete ? `recording ${escape(summary.recordingHash)}` : 'snapshot of an unfinished run'}</footer>
${SUMMARY_OPEN}${escape(JSON.stringify(summary))}${CLOSE}
${SCENARIO_OPEN}${escape(JSON.stringify(toScenario(input)))}${CLOSE}
</body>
</html>
`;
  },
};

/**
 * Gets the scenario back out of an HTML report, so that it can be run again to the same numbers. Throws Refusal where
 * the text is no report of ours or was damaged. `name` is the file's name in messages.
 */
export function rereadReport(htmlText: string, name = 'the report'): EmbeddedScenario {
  const from = htmlText.lastIndexOf(SCENARIO_OPEN);
  const to = htmlText.indexOf(CLOSE, from);
  if (from < 0 || to < 0)
    throw new Refusal(`${name} contains no Faultline scenario; expected a complete HTML report saved by Faultline`);
  return parseScenario(unescape(htmlText.slice(from + SCENARIO_OPEN.length, to)), name);
}
