import type { Component } from 'vue';

/**
 * One part of the workbench. A panel is mounted only while a run is open; it reads the backend through `useBackend()`,
 * keeps ids and ranges in stores and draws well while an answer is late. It never talks to another panel.
 */
export interface PanelDefinition {
  /** Stable: layout preferences and test ids are kept by it. */
  readonly id: string;
  readonly title: string;
  /** `main`: the large upper part, one panel; `bottom`: a tab below it; `side`: a foldable section on the right. */
  readonly slot: 'main' | 'bottom' | 'side';
  readonly component: Component;
}
