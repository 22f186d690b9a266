// The cases as columns of text: unpacked, searched, filtered and sorted here. list.js draws them.
const JUDGED = ["agree", "disagree"];

async function unpack(text) {
  const bytes = Uint8Array.fromBase64?.(text) ?? Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Table(await new Response(stream).json());
}

class Table {
  constructor({ rows, words, numbers, order }) {
    this.rows = rows;
    this.words = words;
    this.order = order;
    this.numbers = {};
    for (const name in numbers) this.numbers[name] = numbers[name].split(" ");
  }

  text(name, row) {
    if (name in this.words) return this.words[name].values[this.words[name].codes[row]];
    const text = this.numbers[name][row];
    // "got" begins with how many characters it shares with "want"
    return name === "got" ? this.text("want", row).slice(0, parseInt(text[0], 36)) + text.slice(1) : text;
  }

  // The values of a column of words, in the order in which a person looks for them.
  values(name) {
    const known = this.order[name];
    const place = (value) => (known ? known.indexOf(value) : 0);
    const { compare } = new Intl.Collator("en", { numeric: true });
    return [...this.words[name].values].sort((a, b) => place(a) - place(b) || compare(a, b));
  }

  // All rows, sorted by a column. Rows that were not judged have no number, and come last in both directions.
  sorted(name, down) {
    const { codes, keys } = this.column(name);
    const sign = down ? -1 : 1;
    const ranked = [...keys.keys()].sort((a, b) => isNaN(keys[a]) - isNaN(keys[b]) || sign * (keys[a] - keys[b]));
    const starts = new Uint32Array(keys.length + 1);
    const place = new Uint32Array(keys.length);
    ranked.forEach((code, at) => (place[code] = at));
    // a counting sort, since 100,000 rows have few different values
    for (const code of codes) starts[place[code] + 1]++;
    for (let at = 1; at < starts.length; at++) starts[at] += starts[at - 1];
    const order = new Uint32Array(this.rows);
    codes.forEach((code, row) => (order[starts[place[code]]++] = row));
    return order;
  }

  // For each row the code of its value, for each code a number to sort by.
  column(name) {
    if (name in this.numbers) return this.sizes(name);
    const rank = new Map(this.values(name).map((value, place) => [value, place]));
    return { codes: this.words[name].codes, keys: this.words[name].values.map((value) => rank.get(value)) };
  }

  // A NaN that was judged is larger than everything, even infinity.
  sizes(name) {
    const { values, codes } = this.words.verdict;
    const judged = values.map((value) => JUDGED.includes(value));
    const seen = new Map([["not judged", 0]]);
    const found = this.numbers[name].map((text, row) => {
      const key = judged[codes[row]] ? text : "not judged";
      return seen.get(key) ?? seen.set(key, seen.size).size - 1;
    });
    const named = { "not judged": NaN, nan: Number.MAX_VALUE, inf: Number.MAX_VALUE / 2 };
    return { codes: found, keys: [...seen.keys()].map((text) => named[text] ?? +text) };
  }

  // The rows, of those given in order, that have every word of the search somewhere and the chosen values.
  matching(order, search, chosen) {
    const tests = search.toLowerCase().split(/[\s.]+/).filter(Boolean).map((word) => this.test(word));
    for (const name in chosen) tests.push([this.hits(name, (value) => value === chosen[name])]);
    const fits = (row) => tests.every((columns) => columns.some(({ codes, hit }) => hit[codes[row]]));
    return tests.length ? order.filter(fits) : order;
  }

  test(word) {
    const columns = Object.keys(this.words).filter((name) => name !== "index");
    return columns.map((name) => this.hits(name, (value) => value.toLowerCase().includes(word))).filter(({ hit }) => hit.includes(true));
  }

  hits(name, wanted) {
    return { codes: this.words[name].codes, hit: this.words[name].values.map(wanted) };
  }
}
