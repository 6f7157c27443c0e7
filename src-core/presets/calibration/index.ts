/** Results of docs/calibrate/calibrate.cu: reading them, fitting a machine to them, explaining the fit. */
export { presetOf } from './base';
export { explainCalibration, keptFrom } from './explain';
export { fitCalibration } from './constants';
export { readCalibration, saysCalibration } from './document';
export { machineFileText } from './machine';
