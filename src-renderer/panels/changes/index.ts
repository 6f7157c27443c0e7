import type { PanelDefinition } from '../contract';
import ChangesPanel from './ChangesPanel.vue';

export const changesPanel: PanelDefinition = {
  id: 'changes',
  title: 'Policy changes',
  slot: 'side',
  component: ChangesPanel,
};
