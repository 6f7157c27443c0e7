import type { PanelDefinition } from '../contract';
import FindingsPanel from './FindingsPanel.vue';

export const findingsPanel: PanelDefinition = {
  id: 'findings',
  title: 'Findings',
  slot: 'side',
  component: FindingsPanel,
};
