import { defineAsyncComponent } from 'vue';
import type { PanelDefinition } from '../contract';

export const summaryPanel: PanelDefinition = {
  id: 'summary',
  title: 'Summary',
  slot: 'bottom',
  // Charts are half of the program: they are loaded when they are first looked at.
  component: defineAsyncComponent(() => import('./SummaryPanel.vue')),
};
