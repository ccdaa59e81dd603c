// The seller among the examples of @adcp/sdk (decisioning-platform-mock-seller.ts), with a map of buys in memory behind it so that
// what was bought can be asked for, which the example leaves out. Copied beside the example and started by peer.mjs.
import { serve } from '@adcp/sdk';
import { createAdcpServerFromPlatform } from '@adcp/sdk/server';
import { MockHybridSeller } from './seller.ts';

const buys = new Map();
const seller: any = new MockHybridSeller();
const create = seller.sales.createMediaBuy;
seller.sales.createMediaBuy = async (req: any, ctx: any) => {
  const media_buy_id = `mb_${buys.size}`;
  const packages = req.packages.map((p: any, i: number) => ({ package_id: `${media_buy_id}-${i}`, ...p }));
  const buy = { ...(await create(req, ctx)), media_buy_id, currency: 'USD', total_budget: req.total_budget, packages };
  buys.set(media_buy_id, buy);
  return buy;
};
seller.sales.getMediaBuys = async (req: any) => ({ media_buys: req.media_buy_ids.map((id: string) => buys.get(id)).filter(Boolean) });
serve((() => createAdcpServerFromPlatform(seller, { name: 'peer', version: '0.0.1',
  validation: { requests: 'off', responses: 'off' } } as any)) as any, { port: Number(process.env.PORT) } as any);
