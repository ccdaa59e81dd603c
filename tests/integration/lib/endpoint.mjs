// A model endpoint as OpenAI's clients know it, POST /v1/chat/completions, that answers as it is told to.
import http from 'node:http';

export const verdict = (decision, confidence, { categories = [], reasons = ['because it is so'] } = {}) =>
  JSON.stringify({ decision, confidence, categories, reasons });

export async function endpoint() {
  const self = { asked: [], answer: () => verdict('people', 0.5) };
  self.server = http.createServer((req, res) => {
    let text = '';
    req.on('data', (d) => { text += d; });
    req.on('end', async () => {
      const body = JSON.parse(text);
      const call = { url: req.url, authorization: req.headers.authorization, body,
        system: body.messages[0], user: body.messages[1], data: JSON.parse(body.messages[1].content) };
      self.asked.push(call);
      const said = await self.answer(call);
      if (said === null) return; // never answers
      if (typeof said === 'function') { said(res); return; }
      res.setHeader('content-type', 'application/json');
      res.end(JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion', model: body.model, usage: { total_tokens: 1 },
        choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: said } }] }));
    });
  });
  await new Promise((resolve) => self.server.listen(0, '127.0.0.1', resolve));
  self.base = `http://127.0.0.1:${self.server.address().port}/v1`;
  self.close = () => { self.server.closeAllConnections(); self.server.close(); };
  return self;
}
