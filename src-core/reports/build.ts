import type { ReportBlock, ReportInput } from '../model/report';
import { Refusal } from '../model/refusal';
import { sections } from './sections';

/**
 * The report as blocks: each section is a heading and what it says; one that has nothing to say is left out. `only` picks sections by id, in the order of the
 * report; an id that is not there is refused.
 */
export function buildReport(input: ReportInput, only?: readonly string[]): readonly ReportBlock[] {
  const unknown = only?.filter((id) => !sections.some((section) => section.id === id)) ?? [];
  if (unknown.length > 0)
    throw new Refusal(
      `there is no report section "${unknown.join('", "')}"; expected some of ${sections.map(({ id }) => id).join(', ')}`,
    );
  return sections
    .filter((section) => !only || only.includes(section.id))
    .flatMap((section): readonly ReportBlock[] => {
      const blocks = section.build(input);
      return blocks.length === 0 ? [] : [{ kind: 'heading', text: section.title }, ...blocks];
    });
}
