import { formatBytes } from '../../../src-core/base/units';
import { POLICY_KINDS } from '../../../src-core/model/scenario';
import type { ParamDescription } from '../../../src-core/model/param';
import type { Description } from '../../../src-core/protocol/answers';
import { ask } from '../ask';
import { EXIT } from '../exit';
import { addCommonFlags, type CommandEntry, type CommonFlags } from './command';

function paramText(param: ParamDescription): string {
  const unit = param.unit === undefined || param.unit === '' ? '' : ` ${param.unit}`;
  const range =
    param.type === 'integer'
      ? `${param.min ?? '…'}..${param.max ?? '…'}`
      : (param.values ?? ['true', 'false']).join(' | ');
  return `      ${param.name}=${String(param.initial)}  (${range}${unit})  ${param.help}`;
}

function describeText(description: Description): string {
  const lines = [`Faultline engine ${description.engineVersion}`, '', 'Machines (--machine)'];
  for (const machine of description.machines) {
    lines.push(
      `  ${machine.id}  ${machine.title}, ${formatBytes(machine.deviceMemoryBytes)} device memory${machine.timed ? '' : ', counts only'}`,
      `      ${machine.summary}`,
    );
  }
  for (const kind of POLICY_KINDS) {
    lines.push('', `Policies: ${kind} (--policy ${kind}=NAME)`);
    for (const policy of description.policies.filter((each) => each.kind === kind)) {
      lines.push(`  ${policy.id}  ${policy.summary}`, ...policy.params.map(paramText));
    }
  }
  lines.push(
    '',
    `Granularities (--granularity)\n  ${description.granularities.map((each) => formatBytes(each).replace(' ', '')).join('  ')}`,
  );
  lines.push('', 'Memory systems (--system ID, --systems ID,ID,…)');
  for (const system of description.systems) {
    const letter = system.letter === '' ? '' : ` (${system.letter})`;
    lines.push(`  ${system.id}${letter}  ${system.summary}`, ...system.params.map(paramText));
  }
  lines.push('', 'Importers');
  for (const importer of description.importers) {
    lines.push(
      `  ${importer.id}  ${importer.summary}`,
      ...importer.auxiliary.map(({ option, help }) => `      --${option}  ${help}`),
    );
  }
  lines.push('', 'Examples', ...description.examples.map(({ id, title }) => `  ${id}  ${title}`));
  lines.push('', 'Report sections (--only)', ...description.reportSections.map(({ id, title }) => `  ${id}  ${title}`));
  return lines.join('\n');
}

/** `faultline describe`: everything that can be chosen. */
export const describe: CommandEntry = (program, cli) => {
  const command = program
    .command('describe')
    .description('list machines, policies with their parameters, importers and examples');
  command.option('--schema', 'print the JSON Schema of workload files');
  addCommonFlags(command).action(
    cli.run(async (flags: CommonFlags & { schema?: boolean }) => {
      const description = await ask(cli.installation, 'session.describe', null);
      if (flags.schema) cli.print(JSON.stringify(description.workloadSchema, null, 2));
      else cli.print(flags.json ? JSON.stringify(description, null, 2) : describeText(description));
      return EXIT.ok;
    }),
  );
};
