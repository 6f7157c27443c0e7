import type { PanelDefinition } from '../contract';
import SystemsPanel from './SystemsPanel.vue';

export const systemsPanel: PanelDefinition = {
  id: 'systems',
  title: 'Memory systems',
  slot: 'bottom',
  component: SystemsPanel,
};
