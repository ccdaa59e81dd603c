// A governance agent for the storyboards that need one: plans with a budget, and a verdict on what is to be spent.
// Over the plan's budget it denies; near it (above three quarters) it approves with conditions.
import http from 'node:http';
import { randomUUID } from 'node:crypto';

const tools = ['get_adcp_capabilities', 'sync_plans', 'check_governance', 'report_plan_outcome'];

export class GovernanceAgent {
  static async start() {
    const agent = new GovernanceAgent();
    agent.plans = new Map();
    agent.checks = [];
    agent.server = http.createServer((req, res) => agent.#answer(req, res));
    await new Promise((resolve) => agent.server.listen(0, '127.0.0.1', resolve));
    agent.url = `http://127.0.0.1:${agent.server.address().port}/mcp`;
    return agent;
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async #answer(req, res) {
    const pieces = [];
    for await (const piece of req) pieces.push(piece);
    if (req.method !== 'POST') return res.writeHead(405).end();
    const asked = JSON.parse(Buffer.concat(pieces).toString('utf8'));
    if (asked.id === undefined) return res.writeHead(202).end();
    res.writeHead(200, { 'content-type': 'application/json' });
    res.end(JSON.stringify({ jsonrpc: '2.0', id: asked.id, result: this.#result(asked) }));
  }

  #result({ method, params }) {
    if (method === 'initialize') {
      return { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'governance', version: '1' } };
    }
    if (method === 'tools/list') return { tools: tools.map((name) => ({ name, inputSchema: { type: 'object' } })) };
    if (method !== 'tools/call') return {};
    const reply = this.#call(params.name, params.arguments ?? {});
    if (params.arguments?.context) reply.context = params.arguments.context;
    return { content: [{ type: 'text', text: JSON.stringify(reply) }], structuredContent: reply };
  }

  #call(name, args) {
    if (name === 'get_adcp_capabilities') {
      return { adcp: { major_versions: [3], idempotency: { supported: true, replay_ttl_seconds: 86400 } },
        supported_protocols: ['governance'], specialisms: ['governance-spend-authority'] };
    }
    if (name === 'sync_plans') {
      for (const plan of args.plans) this.plans.set(plan.plan_id, plan);
      return { plans: args.plans.map((p) => ({ plan_id: p.plan_id, status: 'active', version: 1,
        categories: [{ category_id: 'budget_authority', status: 'active' }] })) };
    }
    if (name === 'check_governance') return this.#check(args);
    return { outcome_id: randomUUID(), status: 'accepted' };
  }

  #check(args) {
    this.checks.push(args);
    const plan = this.plans.get(args.plan_id) ?? [...this.plans.values()].at(-1);
    const wanted = args.planned_delivery?.total_budget ?? args.payload?.total_budget?.amount
      ?? (args.payload?.packages ?? []).reduce((sum, p) => sum + (p.budget ?? 0), 0);
    const limit = plan?.budget?.total ?? 0;
    const out = { check_id: randomUUID(), plan_id: args.plan_id ?? plan?.plan_id ?? 'none', governance_context: `gov-${randomUUID()}`,
      expires_at: new Date(Date.now() + 3600e3).toISOString() };
    if (wanted > limit) {
      return { ...out, status: 'denied', verdict: 'denied', explanation: `The plan allows ${limit}; ${wanted} was asked for.`,
        findings: [{ category_id: 'budget_authority', severity: 'critical', explanation: 'Over the budget of the plan.' }] };
    }
    if (plan.custom_policies?.length) {
      return { ...out, status: 'conditions', verdict: 'conditions', explanation: 'Allowed with frequent reports.',
        conditions: [{ field: 'reporting_frequency', required_value: 'weekly', reason: 'Large share of the plan.' }] };
    }
    return { ...out, status: 'approved', verdict: 'approved', explanation: 'Within the plan.' };
  }
}
