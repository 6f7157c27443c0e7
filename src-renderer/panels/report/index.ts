import { defineAsyncComponent } from 'vue';
import type { PanelDefinition } from '../contract';

export const reportPanel: PanelDefinition = {
  id: 'report',
  title: 'Report',
  slot: 'bottom',
  // Charts are half of the program: they are loaded when they are first looked at.
  component: defineAsyncComponent(() => import('./ReportPanel.vue')),
};
