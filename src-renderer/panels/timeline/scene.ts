/** What is drawn: everything that the canvas layers need, as plain data. */
import type { MarkAnswer } from '../../../src-core/model/timeline';
import type { Range } from '../../stores/view';
import type { Palette } from '../../theme/palette';
import type { Layout } from './layout';
import type { Picture } from './picture';

export interface Scene {
  readonly layout: Layout;
  readonly view: Range;
  readonly picture: Picture;
  readonly palette: Palette;
  readonly focusObject: number | null;
  /** What a policy change is called. */
  readonly markTitle: (mark: MarkAnswer) => string;
  /** Device pixels per CSS pixel; edges are put on device pixels. */
  readonly ratio: number;
}
