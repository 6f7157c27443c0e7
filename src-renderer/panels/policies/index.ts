import type { PanelDefinition } from '../contract';
import PoliciesPanel from './PoliciesPanel.vue';

export const policiesPanel: PanelDefinition = {
  id: 'policies',
  title: 'Policies',
  slot: 'side',
  component: PoliciesPanel,
};
