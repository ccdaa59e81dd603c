// The corpus, in the order in which it is played: later families name what earlier ones made.
import accounts from './accounts.mjs';
import buyerData from './buyer_data.mjs';
import compact from './compact.mjs';
import creatives from './creatives.mjs';
import lists from './lists.mjs';
import mediaBuys from './media_buys.mjs';
import products from './products.mjs';
import sandbox from './sandbox.mjs';
import signals from './signals.mjs';
import standards from './standards.mjs';

export const corpus = [...accounts, ...products, ...mediaBuys, ...compact, ...creatives, ...buyerData, ...lists, ...standards, ...signals, ...sandbox];
