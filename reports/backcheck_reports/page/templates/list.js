// All cases in one list. Only the rows in sight are in the document. Without this script the plain table stays.
const SPARE = 6;
const COLUMNS = ["verdict", "rule", "tensor", "party", "dtype", "shape", "ulps", "fraction", "resolution", "case"];
const counted = (number) => number.toLocaleString("en-US");

class List {
  constructor(section, table) {
    this.table = table;
    this.part = (selector) => section.querySelector(selector);
    this.parts = (selector) => [...section.querySelectorAll(selector)];
    [this.root, this.window, this.grid, this.rows, this.detail] = [".list", ".window", ".grid", ".rows", ".detail"].map(this.part);
    this.sort = { column: "fraction", down: true };
    this.shown = [];
    this.at = 0; // the place in `shown` that the keyboard is at, and the one that is open
    this.open = -1;
    this.fill();
    this.listen();
    this.resort();
  }

  fill() {
    this.root.hidden = false;
    for (const button of this.parts(".list button")) button.hidden = button.classList.contains("copy") && button.hidden;
    for (const select of this.parts("select")) {
      for (const value of this.table.values(select.dataset.column)) if (value) select.add(new Option(value, value));
    }
    this.line = this.part("template").content.firstElementChild;
    this.rows.append(this.line.cloneNode(true));
    this.row = this.rows.firstChild.getBoundingClientRect().height;
    this.head = this.part(".head").getBoundingClientRect().height;
  }

  listen() {
    this.window.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(this.window);
    for (const field of this.parts(".filters select, .filters input")) field.addEventListener("input", () => this.filter());
    this.part(".clear").addEventListener("click", () => this.clear());
    for (const button of this.parts(".head button")) button.addEventListener("click", () => this.by(button.parentNode.dataset.column));
    this.grid.addEventListener("keydown", (event) => event.target === this.grid && this.key(event));
    this.rows.addEventListener("click", (event) => this.click(event.target.closest(".line")));
    this.detail.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
    this.part(".close").addEventListener("click", () => this.close());
    document.addEventListener("click", (event) => this.follow(event.target.closest("a[href='#cases'][data-finding]")));
  }

  // A link into the list carries the values of its filters.
  follow(link) {
    if (!link) return;
    this.part("input").value = "";
    for (const select of this.parts("select")) {
      select.value = link.dataset[select.dataset.column] ?? "";
      if (select.selectedIndex < 0) select.value = "";
    }
    this.filter();
  }

  by(column) {
    const again = this.sort.column === column;
    this.sort = { column, down: again ? !this.sort.down : column in this.table.numbers };
    this.resort();
  }

  resort() {
    const { column, down } = this.sort;
    this.order = this.table.sorted(column, down);
    for (const head of this.parts("[role=columnheader]")) {
      if (head.dataset.column === column) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
    this.filter();
  }

  filter() {
    const chosen = {};
    for (const { dataset, value } of this.parts("select")) if (value) chosen[dataset.column] = value;
    this.shown = this.table.matching(this.order, this.part("input").value, chosen);
    this.part("output").textContent = this.shown.length ? `${counted(this.shown.length)} of ${counted(this.table.rows)}` : "Nothing fits.";
    this.grid.setAttribute("aria-rowcount", this.shown.length + 1);
    this.at = this.window.scrollTop = 0;
    this.toggle(-1);
  }

  clear() {
    for (const field of this.parts("select, input")) field.value = "";
    this.filter();
  }

  key(event) {
    const page = Math.max(1, Math.floor((this.window.clientHeight - this.head) / this.row) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key in steps) this.move(this.at + steps[event.key]);
    else if (event.key === "Enter" || event.key === " ") this.toggle(this.at);
    else if (event.key === "Escape" && this.open >= 0) this.close();
    else return;
    event.preventDefault();
  }

  click(line) {
    if (!line || getSelection().toString()) return;
    this.at = line.place;
    this.toggle(this.at);
  }

  move(place) {
    this.at = Math.max(0, Math.min(this.shown.length - 1, place));
    this.reveal(this.top(this.at), this.row);
  }

  // Scrolls as little as possible; of a row that is too tall, the top is in sight.
  reveal(top, height) {
    const over = top + height + this.head - this.window.scrollTop - this.window.clientHeight;
    if (over > 0) this.window.scrollTop += over;
    if (top < this.window.scrollTop) this.window.scrollTop = top;
    this.draw();
  }

  close() {
    this.grid.focus({ preventScroll: true });
    this.toggle(-1);
  }

  // Opens one row, and closes the one that was open.
  toggle(place) {
    this.open = place === this.open || !this.shown.length ? -1 : place;
    this.detail.hidden = this.open < 0;
    if (this.open >= 0) this.tell(this.shown[this.open]);
    this.tall = this.detail.offsetHeight;
    if (this.open < 0) this.draw();
    else this.reveal(this.top(this.open), this.row + this.tall);
  }

  tell(row) {
    const say = (name) => this.table.text(name, row);
    for (const fact of this.parts("[data-fact]")) fact.textContent = say(fact.dataset.fact) || "–";
    this.part(".detail h3").textContent = `${say("rule")} ${say("tensor")} ${say("dtype")}, ${say("party")}: ${say("verdict")}`;
    const id = say("case");
    // an id from outside must not become a second command
    this.part(".detail pre").textContent = `backcheck replay ${/^[\w-]+$/.test(id) ? id : `'${id.replaceAll("'", "'\\''")}'`}`;
    const told = document.getElementById(`case-${id}`);
    const finding = say("finding");
    const card = told ?? [...document.querySelectorAll("[data-card]")].find(({ dataset }) => finding && dataset.card === finding);
    this.part(".told").hidden = !card;
    if (!card) return;
    this.part(".told a").setAttribute("href", `#${encodeURIComponent(card.id)}`);
    this.part(".told a").textContent = told ? "This case is told in full above" : "The finding is told above";
  }

  top(place) {
    return place * this.row + (this.open >= 0 && place > this.open ? this.tall : 0);
  }

  // The row at a height. Below the open row, the height of its details is subtracted first.
  place(height) {
    const below = this.open >= 0 && height >= (this.open + 1) * this.row;
    return below ? Math.max(this.open, Math.floor((height - this.tall) / this.row)) : Math.floor(height / this.row);
  }

  draw() {
    if (this.open >= 0) this.tall = this.detail.offsetHeight;
    const first = Math.max(0, this.place(this.window.scrollTop) - SPARE);
    const last = Math.min(this.shown.length, this.place(this.window.scrollTop + this.window.clientHeight) + SPARE);
    this.rows.style.height = `${this.top(this.shown.length)}px`;
    this.detail.style.top = `${this.head + (this.open + 1) * this.row}px`;
    while (this.rows.childElementCount < last - first) this.rows.append(this.line.cloneNode(true));
    while (this.rows.childElementCount > last - first) this.rows.lastChild.remove();
    for (let place = first; place < last; place++) this.show(this.rows.children[place - first], place);
    if (this.at >= first && this.at < last) this.grid.setAttribute("aria-activedescendant", `line-${this.at}`);
    else this.grid.removeAttribute("aria-activedescendant");
  }

  show(line, place) {
    const row = this.shown[place];
    line.place = place;
    line.id = `line-${place}`;
    line.setAttribute("aria-rowindex", place + 2);
    line.style.transform = `translateY(${this.top(place)}px)`;
    line.classList.toggle("at", place === this.at);
    line.classList.toggle("open", place === this.open);
    line.setAttribute("aria-selected", place === this.open);
    COLUMNS.forEach((name, at) => (line.children[at].lastChild.textContent = this.table.text(name, row)));
    const kind = this.table.text("verdict", row).replaceAll(" ", "-");
    line.firstChild.className = `c-verdict v-${kind}`;
    line.querySelector("use").setAttribute("href", `#g-${kind}`);
  }
}

async function listCases(section) {
  try {
    const table = await unpack(JSON.parse(section.querySelector("script").textContent));
    section.classList.add("live");
    new List(section, table);
    performance.mark("cases");
  } catch (error) {
    section.classList.remove("live");
    section.querySelector(".list").hidden = true;
  }
}
if (document.getElementById("cases")) listCases(document.getElementById("cases"));
