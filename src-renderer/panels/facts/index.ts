import type { PanelDefinition } from '../contract';
import FactsPanel from './FactsPanel.vue';

export const factsPanel: PanelDefinition = {
  id: 'facts',
  title: 'This run',
  slot: 'side',
  component: FactsPanel,
};
