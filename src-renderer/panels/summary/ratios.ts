/** Bounds as cards of ratios. Pure. */
import { formatRatio } from '../../../src-core/base/units';
import { BOUND_QUANTITIES, type BoundRow, type BoundValue } from '../../../src-core/model/bounds';

export interface RatioCard {
  readonly title: string;
  readonly help: string;
  readonly values: readonly { readonly what: string; readonly ratio: string }[];
}

function ratioText({ ratio, value, run }: BoundValue): string {
  if (ratio !== null) return `${formatRatio(ratio)} ×`;
  return value === 0 && run === 0 ? '1 ×' : '∞';
}

/** One card per bound; what is not defined is left to the details, and so is a bound that has nothing to say. */
export const ratioCards = (rows: readonly BoundRow[]): readonly RatioCard[] =>
  rows.flatMap(({ title, summary, values }): RatioCard[] => {
    const defined = values.filter(({ value }) => value !== null);
    if (defined.length === 0) return [];
    return [
      {
        title,
        help: summary,
        values: defined.map((value) => ({
          what: `${BOUND_QUANTITIES[value.quantity].toLowerCase()}${value.kind === 'reference' ? ' (reference)' : ''}`,
          ratio: ratioText(value),
        })),
      },
    ];
  });
