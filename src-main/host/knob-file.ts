import { Refusal } from '../../src-core/model/refusal';
import type { Params } from '../../src-core/protocol/methods';
import type { SessionHost } from './session-host';

/** The text of one configuration file of the run's knobs. Throws Refusal where it would hold nothing. */
export async function knobFileText(
  { format, all }: Pick<Params<'app.saveKnobs'>, 'format' | 'all'>,
  host: SessionHost,
): Promise<string> {
  const { system, files } = await host.request('session.exportKnobs', { all });
  const file = files.find((each) => each.format === format);
  if (file) return file.text;
  throw new Refusal(
    `such a file would be empty: no knob of ${system.id} for it ${all ? 'exists' : 'differs from its default'}`,
  );
}
