/** The rules over 20,000 rows of facts, and waves of a thousand graphs of up to 500 assets, with new dice each time. */
import { it } from 'node:test';
import { rulesAreTotal, wavesHold } from '../engine/assess/properties.ts';

it('every one of 20,000 rows of facts gets a recommendation', () => rulesAreTotal(20_000));
it('waves of a thousand graphs hold', () => wavesHold({ graphs: 1000, assets: 500 }));
