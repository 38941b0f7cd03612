// SPDX-License-Identifier: MIT
// As much of SSML as a voice needs: well-formed or not, the voice, the text, the prosody.

const entities = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decode(text) {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (_, hex, decimal, name) =>
    (name ? entities[name] : String.fromCodePoint(parseInt(hex ?? decimal, hex ? 16 : 10))));
}

const badEntity = /&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-f]+);)/i;
const attributePattern = /\s+([\w:.-]+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/g;

function attributesOf(text) {
  const attributes = {};
  const rest = text.replace(attributePattern, (_, name, double, single) => {
    attributes[name] = decode(double ?? single);
    return '';
  });
  return rest.trim() ? null : attributes;
}

// → { voice, lang, text, rate, elements } or { problem }.
export function parseSsml(ssml) {
  const open = [];
  const elements = [];
  let text = '';
  let at = 0;
  const body = ssml.trim().replace(/^<\?xml[^>]*\?>\s*/, '');
  if (badEntity.test(body)) return { problem: 'an & that begins no entity' };
  for (const tag of body.matchAll(/<(\/?)([\w:.-]+)((?:"[^"]*"|'[^']*'|[^"'<>])*?)(\/?)>/g)) {
    const between = body.slice(at, tag.index);
    if (between.includes('<')) return { problem: 'a < that begins no tag' };
    if (open.length === 0 && between.trim()) return { problem: 'text outside of the root' };
    if (open.some((element) => element.name === 'voice')) text += decode(between);
    at = tag.index + tag[0].length;
    const [, closing, name, inside, empty] = tag;
    if (closing) {
      if (open.pop()?.name !== name) return { problem: `unexpected </${name}>` };
      continue;
    }
    const attributes = attributesOf(inside);
    if (attributes === null) return { problem: `attributes of <${name}>` };
    const element = { name, attributes };
    elements.push(element);
    if (!empty) open.push(element);
  }
  if (open.length > 0 || at !== body.length) return { problem: 'not well-formed' };
  return check(elements, text);
}

function check(elements, text) {
  const [root] = elements;
  if (root?.name !== 'speak') return { problem: 'the root is not <speak>' };
  if (!root.attributes.version || !root.attributes['xml:lang']) {
    return { problem: '<speak> needs version and xml:lang' };
  }
  const voice = elements.find((element) => element.name === 'voice')?.attributes.name;
  if (!voice) return { problem: 'no <voice name>' };
  if (elements.some((element) => element.name.startsWith('mstts:')) &&
      !root.attributes['xmlns:mstts']) return { problem: 'xmlns:mstts is missing' };
  const rate = elements.find((element) => element.name === 'prosody')?.attributes.rate ?? '0%';
  const percent = /^([+-]?[\d.]+)%$/.exec(rate);
  return { voice, lang: root.attributes['xml:lang'], text, elements,
    rate: percent ? 1 + Number(percent[1]) / 100 : Number(rate) || 1 };
}
