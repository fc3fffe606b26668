/** `drover assess`: decide what becomes of each row that names a model which ends. */
import type { VerbGroup } from '../session.ts';
import { accept, cancel, reopen } from './accept.ts';
import { decide } from './decide.ts';
import { exportAssessments } from './export.ts';
import { show } from './show.ts';
import { start } from './start.ts';

export const assess: VerbGroup = {
  name: 'assess',
  summary: 'decide what becomes of each row that names a model which ends, before anything moves',
  verbs: [start, show, decide, accept, reopen, cancel, exportAssessments],
};
