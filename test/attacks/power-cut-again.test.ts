import { testPowerCuts } from './test-power-cuts.ts';
import { workloads } from './workloads.ts';

testPowerCuts(workloads.slice(3), {
  seeds: Number(process.env['SECONDWIND_CUT_SEEDS'] ?? 6),
  statesPerStep: 4,
  firstSeed: Number(process.env['SEED'] ?? 1),
});
