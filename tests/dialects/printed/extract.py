#!/usr/bin/env python3
"""Takes every printed request, and the reply printed after it, out of the five documents that the older shapes come from.

    extract.py FOLDER_OF_THE_DOCUMENTS > tests/dialects/printed/requests.json

Of a request everything is kept, of a reply the names of its members and their types (of a list, of every item). The
documents themselves are not in the tree; as_printed.test.mjs runs this again where SEEDS names their folder, and compares.
"""
import ast
import json
import pathlib
import re
import sys


def shape(v):
    """{"name": "text", ...}: what a reader of the printed reply may rely on."""
    if isinstance(v, dict):
        return {k: shape(x) for k, x in v.items()}
    if isinstance(v, list):
        return [shape(x) for x in v]
    if v is None:
        return "null"
    return {bool: "boolean", int: "number", float: "number", str: "string"}[type(v)]


def balanced(text, at):
    """The end of the bracket that opens at `at`."""
    depth, quoted = 0, False
    for i in range(at, len(text)):
        c = text[i]
        if quoted:
            if c == "\\":
                continue
            quoted = not (c == '"' and text[i - 1] != "\\")
        elif c == '"':
            quoted = True
        elif c in "{[":
            depth += 1
        elif c in "}]":
            depth -= 1
            if depth == 0:
                return i + 1
    raise ValueError(f"a bracket is open: {text[at:at + 60]!r}")


def value(text):
    """JSON, or Python or JavaScript that means the same; None where the page only hints at it ({...})."""
    if "..." in text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        text = re.sub(r'(?m)\s#.*$', "", text)
        for there, python in (("true", "True"), ("false", "False"), ("null", "None")):
            text = re.sub(rf"(?<![\"\w]){there}(?![\"\w])", python, text)
        return ast.literal_eval(text)


def calls(text):
    """call_tool("name", {...}) and the JSON object printed next, in order."""
    found = []
    for m in re.finditer(r'call_tool\(\s*"(\w+)"\s*(,\s*)?', text):
        start, args = m.end(), {}
        if text[start] == "{":
            start = balanced(text, start)
            body = text[m.end():start]
            body = re.sub(r'"\s*\n\s*"', "", body)  # adjacent literals of a script
            body = re.sub(r"\bmedia_buy_id\b(?!\")", '"mb-a1b2c3d4-5678-9012-3456-789012345678"', body)
            args = value(body)
        if args is None:
            continue
        rest = text[start:]
        reply = re.match(r"\s*\)\s*(?:Response\s*)?(?=\{)", rest)
        at = start + reply.end() if reply else None
        found.append({"tool": m.group(1), "arguments": args,
                      "reply": shape(json.loads(text[at:balanced(text, at)])) if reply else None})
    return found


def tutorial(text):
    text, script = text.split("Complete Python Script", 1)
    return [("the page", calls(text)), ("its script", calls(script))]


def lifecycle(text):
    # "Returns: media_buy_id, status, creative_deadline"; an update answers in one form, printed once.
    form = {"status": "string", "implementation_date": "string", "detail": "string"}
    made = dict.fromkeys(("media_buy_id", "status", "creative_deadline"), "string")
    out = calls(text)
    for c in out:
        c["reply"] = made if c["tool"] == "create_media_buy" else form if c["tool"].startswith("update_") else None
    return [("the page", out)]


def reference(text):
    out, form = [], {"status": "string", "implementation_date": "string", "detail": "string"}
    for section in re.split(r"(?m)^### ", text)[1:]:
        tool = re.match(r"`?(\w+)`?", section).group(1)
        if tool not in section or "_" not in tool:
            continue
        blocks = list(re.finditer(r"\*\*([^*]+?):?\*\*:?\s*```json\n(.*?)```", section, re.S))
        asked = False
        for m in blocks:
            title, body = m.group(1), m.group(2)
            if re.match(r"Response|Asset Object|Performance Object|PackageUpdate|Success|Error", title):
                if title.startswith("Response") and "Failed" not in title:
                    reply = shape(value(body))
                    if asked and out[-1]["reply"] is None:
                        out[-1]["reply"] = reply
                    else:
                        out.append({"tool": tool, "arguments": None, "reply": reply})
                elif title in ("Asset Object", "Performance Object"):
                    out.append({"tool": tool, "arguments": {"*": value(body)}, "reply": None})
                continue
            reply = form if tool in ("update_media_buy", "update_package") else None
            out.append({"tool": tool, "arguments": value(body), "reply": reply})
            asked = True
    return [("the page", out)]


# The difference of two packages prints its YAML without indentation: what may stand below what.
BELOW = {
    "": {"account", "accounts", "brand", "brief", "buying_mode", "start_time", "end_time", "packages", "media_buy_ids",
         "media_buy_id", "creatives", "push_notification_config", "include_package_daily_breakdown"},
    "account": {"brand", "operator"}, "accounts": {"brand", "operator", "billing", "payment_terms"}, "brand": {"domain"},
    "packages": {"product_id", "budget", "bid_price", "pricing_option_id", "creative_assignments"},
    "creative_assignments": {"creative_id"}, "push_notification_config": {"url", "authentication"},
    "authentication": {"scheme"}, "creatives": {"creative_id", "name", "format_id", "assets"},
    "format_id": {"agent_url", "id"}, "assets": {"asset_id", "asset_type", "url", "mime_type"},
}


def rebuilt(lines):
    root, stack = {}, []
    stack.append(("", root))
    for line in lines:
        item = line.startswith("- ")
        m = re.match(r'(\w+):\s*(.*)$', line[2:] if item else line)
        if not m:
            if not item:
                break
            container = stack[-1][1]
            container.append(json.loads(line[2:]))
            continue
        name, text = m.groups()
        if item:
            while not (isinstance(stack[-1][1], list) and name in BELOW[stack[-1][0]]):
                stack.pop()
            new = {}
            stack[-1][1].append(new)
            stack.append((stack[-1][0], new))
        else:
            keep = list(stack)
            while stack and not (isinstance(stack[-1][1], dict) and name in BELOW.get(stack[-1][0], ()) and name not in stack[-1][1]):
                stack.pop()
            if not stack:
                stack[:] = keep
                break
        if text:
            stack[-1][1][name] = json.loads(text)
        else:
            many = name in ("accounts", "packages", "creatives", "assets", "media_buy_ids", "creative_assignments")
            stack[-1][1][name] = [] if many else {}
            stack.append((name, stack[-1][1][name]))
    return root


def storyboards(text):
    out = []
    for board in re.split(r"(?m)^id: (?=media_buy_)", text)[1:]:
        found = []
        for step in re.split(r"(?m)^task: ", board)[1:]:
            tool, rest = step.split("\n", 1)
            body = rest.split("sample_request:\n", 1)[1].split("validations:", 1)
            paths = re.findall(r'path: "([^"]+)"', body[1])
            found.append({"tool": tool.strip(), "arguments": rebuilt(body[0].splitlines()), "reply": None, "present": paths})
        out.append((board.split("\n", 1)[0].strip(), found))
    return out


def data_models(text):
    found = []
    for m in re.finditer(r"(?m)^Request:\n(?=\{)", text):
        end = balanced(text, m.end())
        args = json.loads(text[m.end():end])
        r = re.compile(r"\s*Response:\n").match(text, end)
        reply = json.loads(text[r.end():balanced(text, r.end())])
        tool = ("get_products" if "brief" in args else "create_media_buy" if "product_id" in args
                else "sync_creatives" if "creatives" in args else "get_media_buy_delivery")
        found.append({"tool": tool, "arguments": args, "reply": shape(reply)})
    return [("the page", found)]


DOCUMENTS = [("tutorial", "1-campaign-lifecycle-tutorial.txt", tutorial), ("lifecycle", "2-media-buy-lifecycle.txt", lifecycle),
             ("api-reference", "3-api-reference.txt", reference), ("storyboards", "4-storyboards-diff.txt", storyboards),
             ("data-models", "5-data-models.txt", data_models)]


def main(folder):
    out = []
    for name, file, read in DOCUMENTS:
        text = (pathlib.Path(folder) / file).read_text()
        for part, found in read(text):
            out.append({"document": name, "part": part, "requests": found})
    json.dump(out, sys.stdout, indent=1, ensure_ascii=False)
    print()


main(sys.argv[1])
