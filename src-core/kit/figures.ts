/** Figures of a driver, for the table of the run. */
import type { SystemFigure } from '../model/memory-system';

export const countFigure = (id: string, title: string, value: number): SystemFigure => ({
  ...{ id, title, value },
  unit: 'count',
});

/** @param ps null: the machine has no clock */
export const timeFigure = (id: string, title: string, ps: number | null): SystemFigure => ({
  ...{ id, title, value: ps },
  unit: 'ps',
});
