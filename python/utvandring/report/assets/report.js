// Pages, charts, filters, sorting and downloads. Numbers are made by the program; here they are only shown.
'use strict';
(async () => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

  async function unpack(id) {
    const bytes = Uint8Array.from(atob($(`#${id}`).textContent), c => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
    return JSON.parse(await new Response(stream).text());
  }
  const data = await unpack('data');
  const T = data.texts;
  const number = (value, digits) => {
    const parts = Math.abs(value).toFixed(digits).split('.');
    parts[0] = parts[0].replace(/\B(?=(\d{3})+$)/g, data.locale.thousands);
    return (value < 0 ? data.locale.minus : '') + parts.join(data.locale.decimal);
  };

  // ---- Charts: drawn when they come near the screen, and again when a filter changes.
  const charts = new Map();
  // On a narrow screen a legend gets as many columns as its longest label, and the names of rows, leave room for.
  const COLUMN = {letter: 6, symbol: 36};
  function fitted(chart, width) {
    const copy = structuredClone(chart.spec);
    const names = Math.max(0, ...chart.rows.map(row => row.place?.length ?? 0)) * COLUMN.letter;
    const most = Math.floor(width * .4);
    const beside = Math.min(names, most);
    const visit = node => {
      if (!node || typeof node !== 'object') return;
      if (node.axis?.labelLimit) node.axis.labelLimit = Math.min(node.axis.labelLimit, most);
      if (node.legend?.columns && node.scale?.domain) {
        const longest = Math.max(...node.scale.domain.map(label => label.length));
        const room = Math.floor((width - beside) / (longest * COLUMN.letter + COLUMN.symbol));
        node.legend.columns = Math.max(1, Math.min(node.legend.columns, room));
      }
      Object.values(node).forEach(visit);
    };
    visit(copy);
    return copy;
  }
  async function draw(element, chart) {
    const spec = fitted(chart, element.clientWidth);
    spec.datasets = {rows: chart.rows, ...(spec.projection && {map: data.map})};
    const description = element.getAttribute('aria-label');
    const result = await vegaEmbed(element, spec, {
      actions: false, renderer: 'svg', config: data.config, formatLocale: data.locale, logLevel: 1,  // Errors: a filter may leave a layer without rows, which is no fault.
    });
    charts.get(element)?.finalize();
    charts.set(element, result);
    // The element around a chart describes it, in our words and not in Vega's.
    element.setAttribute('role', 'img');
    element.setAttribute('aria-label', description);
    element.removeAttribute('aria-roledescription');
    $('svg', element).setAttribute('aria-hidden', 'true');
    element.dataset.drawn = 'yes';
  }
  const rowsOf = element => filtered(data.charts[element.dataset.chart].rows, filtersOf(element));
  const drawChart = element =>
    draw(element, {spec: data.charts[element.dataset.chart].spec, rows: rowsOf(element)});
  const isVisible = element => element.offsetParent !== null && !element.closest('[hidden]');
  const observer = new IntersectionObserver(entries => {
    for (const entry of entries) if (entry.isIntersecting) {
      observer.unobserve(entry.target);
      drawChart(entry.target);
    }
  }, {rootMargin: '600px'});
  async function drawAll(root) {
    for (const element of $$('[data-chart]', root)) {
      if (isVisible(element) && !element.dataset.drawn) {
        observer.unobserve(element);
        await drawChart(element);
      }
    }
  }

  // ---- Pages
  const pages = $$('.page');
  function show(hash, move) {
    const [name, query] = decodeURIComponent(hash.slice(1)).split('?');
    const target = name ? document.getElementById(name) : null;
    if (move && target && !target.closest('.page')) return target.focus();
    const page = target?.closest('.page') ?? pages[0];
    for (const dialog of $$('dialog[open]')) dialog.close();
    for (const other of pages) other.hidden = other !== page;
    for (const link of $$('nav.site a')) {
      if (link.dataset.page === page.id) {
        link.setAttribute('aria-current', 'page');
        // Not scrollIntoView: the keyboard would start from here.
        const list = $('nav.site ul');
        list.scrollLeft = link.offsetLeft - list.offsetLeft - 20;
      } else link.removeAttribute('aria-current');
    }
    document.title = page.dataset.title;
    for (const link of $$('[data-keep-page]')) link.hash = hash;
    if (query !== undefined) restore(page, new URLSearchParams(query));
    prepare(page);
    if (page.id === 'explore') explore();
    if (move) {
      const goal = target && target !== page ? target : $('h1', page);
      goal.scrollIntoView();
      if (goal === $('h1', page)) window.scrollTo(0, 0);
      const focusable = goal.matches('[tabindex]') ? goal : $('[tabindex="-1"]', goal);
      focusable?.focus({preventScroll: true});
    } else if (target && target !== page) target.scrollIntoView();
  }
  function prepare(page) {
    for (const table of $$('table.sortable', page)) makeSortable(table);
    for (const element of $$('[data-chart]', page)) if (!element.dataset.drawn) observer.observe(element);
    drawInPeace(page);
  }
  // What is not on the screen yet is drawn when there is nothing else to do, so that it can be printed.
  function drawInPeace(page) {
    requestIdleCallback(async () => {
      const next = $$('[data-chart]', page).find(e => !e.dataset.drawn && isVisible(e));
      if (!next) return;
      observer.unobserve(next);
      await drawChart(next);
      drawInPeace(page);
    }, {timeout: 500});
  }
  addEventListener('hashchange', () => show(location.hash, true));
  document.addEventListener('toggle', event => {
    if (event.target.open) for (const e of $$('[data-chart]', event.target)) if (!e.dataset.drawn) drawChart(e);
  }, true);

  // ---- Filters: what an element or a row is about is compared with what was chosen.
  function filtersOf(element) {
    const form = $('form[data-filters]', element.closest('.page'));
    const chosen = {};
    if (form) for (const select of $$('select', form)) if (select.value !== '') chosen[select.name] = select.value;
    return chosen;
  }
  function matches(about, chosen) {
    for (const [key, value] of Object.entries(chosen)) {
      if (key === 'from' || key === 'to') {
        const year = about.year === undefined ? undefined : Number(about.year);
        if (year === undefined || about.last_year > year) continue;
        if (key === 'from' ? year < Number(value) : year > Number(value)) return false;
      } else if (about[key] !== undefined && String(about[key]) !== value) return false;
    }
    return true;
  }
  const filtered = (rows, chosen) => rows.filter(row => matches(row, chosen));
  function applyFilters(form) {
    const page = form.closest('.page');
    const chosen = filtersOf(form);
    const keys = ['background', 'outcome', 'centrality', 'county', 'sex', 'year'];
    const selector = keys.map(key => `[data-${key}]`).join(',');
    for (const element of $$(selector, page)) {
      if (element.closest('form')) continue;
      element.hidden = !matches(element.dataset, chosen);
    }
    for (const block of $$('.block', page)) {
      const parts = $$('.figure, .report-table', block);
      block.hidden = parts.length > 0 && parts.every(part => part.hidden);
    }
    for (const cell of $$('thead td[colspan]', page)) cell.hidden = false;
    for (const element of $$('[data-chart]', page)) if (element.dataset.drawn) {
      if (isVisible(element)) drawChart(element);
      else { delete element.dataset.drawn; observer.observe(element); }
    }
    const count = name => $$(name, page).filter(e => !e.hidden && !e.closest('[hidden]')).length;
    $('output', form).textContent =
      T.shown.replace('{figures}', count('.figure')).replace('{tables}', count('.report-table'));
    const query = new URLSearchParams(Object.entries(chosen).filter(([key, value]) =>
      $(`[name=${key}]`, form).value !== $(`[name=${key}]`, form).dataset.initial));
    remember(page, query);
  }
  function remember(page, query) {
    const text = query.toString();
    history.replaceState(null, '', `#${page.id}${text ? `?${text}` : ''}`);
    for (const link of $$('[data-keep-page]')) link.hash = location.hash;
  }
  function restore(page, query) {
    const form = $('form', page);
    if (!form) return;
    for (const control of $$('select', form)) {
      const value = query.get(control.name) ?? control.dataset.initial;
      if ([...control.options].some(option => option.value === value)) control.value = value;
    }
    if (form.dataset.filters) applyFilters(form);
  }
  for (const form of $$('form[data-filters]')) {
    for (const select of $$('select', form)) select.dataset.initial = select.value;
    form.addEventListener('change', () => applyFilters(form));
    form.addEventListener('reset', () => setTimeout(() => applyFilters(form)));
    form.addEventListener('submit', event => event.preventDefault());
  }

  // ---- Tables: sorting and download
  const isMissing = cell => cell.dataset.value === '' || cell.textContent.trim() === '';
  const valueOf = cell => cell.dataset.value ?? cell.textContent.trim();
  function makeSortable(table) {
    if (table.dataset.ready) return;
    table.dataset.ready = 'yes';
    $$('thead tr.columns th', table).forEach((heading, index) => {
      const label = heading.textContent;
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = label;
      heading.dataset.label = label;
      heading.replaceChildren(button);
      button.addEventListener('click', () => sort(table, index));
    });
  }
  function sort(table, index) {
    const headings = $$('thead tr.columns th', table);
    const ascending = headings[index].getAttribute('aria-sort') !== 'ascending';
    headings.forEach(heading => heading.removeAttribute('aria-sort'));
    headings[index].setAttribute('aria-sort', ascending ? 'ascending' : 'descending');
    const body = table.tBodies[0];
    const keyed = [...body.rows].map(row => {
      const cell = row.cells[index];
      const value = valueOf(cell);
      const missing = isMissing(cell) || Boolean($('abbr', cell));
      return {row, missing, value, numeric: missing ? NaN : Number(value)};
    });
    const numeric = keyed.every(item => item.missing || !Number.isNaN(item.numeric));
    keyed.sort((a, b) => {
      if (a.missing !== b.missing) return a.missing ? 1 : -1;
      const order = numeric ? a.numeric - b.numeric : a.value.localeCompare(b.value, data.language);
      return ascending ? order : -order;
    });
    body.append(...keyed.map(item => item.row));
  }
  const csvField = value => {
    let text = value === null || value === undefined ? '' : String(value);
    if (/^-?\d+\.\d+(e-?\d+)?$/.test(text)) text = text.replace('.', data.locale.decimal);
    return /["\n;,]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  function save(name, plain) {
    // How the numbers are cited goes along, with the permanent name of the figure or table, in a column of its own.
    const said = [T.cite, `${data.cite} ${name}`];
    const lines = data.cite ? plain.map((line, index) => [...line, said[index] ?? '']) : plain;
    const text = '\ufeff' + lines.map(line => line.map(csvField).join(data.separator)).join('\r\n') + '\r\n';
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], {type: 'text/csv;charset=utf-8'}));
    link.download = `${name}${data.simulated ? '-' + T.simulated_file : ''}.csv`;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }
  function tableLines(table) {
    const headings = $$('thead tr.columns th', table);
    const lines = [headings.flatMap(heading => {
      const label = [heading.dataset.group, heading.dataset.label ?? heading.textContent].filter(Boolean).join(': ');
      return heading.dataset.noteLabel ? [label, `${label} (${heading.dataset.noteLabel})`] : [label];
    })];
    for (const row of table.tBodies[0].rows) {
      if (row.hidden) continue;
      lines.push([...row.cells].flatMap((cell, index) => {
        const value = $('abbr', cell) ? '' : valueOf(cell);
        return headings[index].dataset.noteLabel ? [value, cell.dataset.note ?? ''] : [value];
      }));
    }
    return lines;
  }
  function rowLines(rows) {
    const shown = rows.filter(row => row.kind !== 'printed');
    const fields = data.row_fields.filter(([field]) => shown.some(row => row[field] !== undefined));
    return [fields.map(([, label]) => label), ...shown.map(row => fields.map(([field]) => row[field]))];
  }

  // ---- Buttons
  document.addEventListener('click', async event => {
    const button = event.target.closest('button');
    if (!button) return;
    const {download, rows, dialog, print} = button.dataset;
    if (download) save(download, tableLines($(`table[data-name="${download}"]`)));
    if (rows) save(rows, rowLines(rowsOf($('[data-chart]', button.closest('figure')))));
    if (dialog) document.getElementById(dialog).showModal();
    if ('exploredCsv' in button.dataset) save('rates', tableLines($('table[data-name=explored]')));
    if (print) {
      const shown = pages.filter(page => !page.hidden);
      if (print === 'all') {
        document.body.classList.add('all');
        for (const page of pages) page.hidden = page.id === 'explore';
      }
      await drawAll(document);
      window.print();
      document.body.classList.remove('all');
      for (const page of pages) page.hidden = !shown.includes(page);
    }
  });

  // ---- Explorer
  let cube;
  const HIGHEST = 8;
  async function explore() {
    if (!cube) {
      cube = await unpack('rates');
      cube.at = new Map();
      const {year, region, background, population, category} = cube.rows;
      year.forEach((_, i) => cube.at.set([year[i], region[i], background[i], population[i], category[i]].join('|'), i));
      fillExplorer();
    }
    showExplored();
  }
  const form = $('#explorer');
  function options(name, groups) {
    const select = $(`[name=${name}]`, form);
    select.replaceChildren(...groups.flatMap(([label, items]) => {
      const made = items.map(([value, text]) => new Option(text, value));
      if (!label) return made;
      const group = document.createElement('optgroup');
      group.label = label;
      group.append(...made);
      return [group];
    }));
  }
  const among = dimension => cube.categories.filter(c => c.dimension === dimension);
  function fillExplorer() {
    const L = cube.labels;
    options('compare', [[null, [
      ['background', T.compare_background], ['centrality', T.compare_centrality], ['county', T.compare_county],
      ...L.dimensions,
    ]]]);
    options('measure', [[null, L.measures]]);
    options('background', [[null, cube.backgrounds.map(b => [b.code, b.label])]]);
    options('region', [
      [null, [['country|0', T.whole_country]]],
      [T.centrality, cube.regions.filter(r => r.level === 'centrality').map(r => [r.code, r.label])],
      [T.county, cube.regions.filter(r => r.level === 'county').map(r => [r.code, r.label])],
    ]);
    options('population', [[null, L.populations]]);
    options('among', [[null, [['none|all', T.everyone]]],
      ...L.dimensions.map(([code, label]) => [label, among(code).map(c => [c.code, c.label])])]);
    options('from', [[null, cube.years.map(y => [y, y])]]);
    options('to', [[null, cube.years.map(y => [y, y])]]);
    $('[name=to]', form).value = String(cube.years.at(-1) ?? '');
    for (const select of $$('select', form)) select.dataset.initial = select.value;
    const query = location.hash.split('?')[1];
    if (query) restore($('#explore'), new URLSearchParams(query));
    form.addEventListener('change', showExplored);
    form.addEventListener('submit', event => event.preventDefault());
    $('#explored-series').addEventListener('change', () => renderExplored(false));
  }
  const chosen = name => $(`[name=${name}]`, form).value;
  const indexOf = (list, code) => list.findIndex(item => item.code === code);
  function possibleSeries() {
    const compare = chosen('compare');
    const fixed = {
      background: indexOf(cube.backgrounds, chosen('background')),
      region: indexOf(cube.regions, chosen('region')),
      category: indexOf(cube.categories, chosen('among')),
    };
    if (compare === 'background')
      return cube.backgrounds.filter(b => b.code !== 'all').map(b => ({...fixed, code: b.code, label: b.label, background: indexOf(cube.backgrounds, b.code)}));
    if (compare === 'centrality' || compare === 'county')
      return cube.regions.filter(r => r.level === compare).map(r => ({...fixed, code: r.code.split('|')[1], label: r.label, region: indexOf(cube.regions, r.code)}));
    return among(compare).map(c => ({...fixed, code: c.code.split('|').slice(1).join('|'), label: c.label, category: indexOf(cube.categories, c.code)}));
  }
  function showExplored() {
    const compare = chosen('compare');
    $('[name=background]', form).disabled = compare === 'background';
    $('[name=region]', form).disabled = compare === 'centrality' || compare === 'county';
    $('[name=among]', form).disabled = !['background', 'centrality', 'county'].includes(compare);
    const box = $('#explored-series');
    const listed = possibleSeries();
    if (box.dataset.of !== compare) {
      box.dataset.of = compare;
      box.replaceChildren(...listed.map((series, i) => {
        const label = document.createElement('label');
        const check = document.createElement('input');
        check.type = 'checkbox';
        check.value = series.code;
        check.checked = i < HIGHEST;
        label.append(check, ` ${series.label}`);
        return label;
      }));
    }
    if ($('[name=among]', form).disabled) for (const series of listed) if (series.category < 0) series.category = 0;
    renderExplored(true);
  }
  async function renderExplored(changed) {
    const measure = cube.measures[chosen('measure')];
    const ticked = new Set($$('#explored-series input:checked').map(input => input.value));
    const all = possibleSeries().filter(series => ticked.has(series.code));
    const drawn = all.slice(0, HIGHEST);
    const population = chosen('population');
    const [from, to] = [Number(chosen('from')), Number(chosen('to'))];
    const years = cube.years.filter(year => year >= from && year <= to);
    const cell = (series, year) => {
      const category = $('[name=among]', form).disabled ? series.category : indexOf(cube.categories, chosen('among'));
      return cube.at.get([cube.years.indexOf(year), series.region, series.background,
        cube.populations.indexOf(population), category].join('|'));
    };
    const value = (i, field) => (i === undefined ? undefined : cube.rows[field][i]);
    const rate = i => {
      const movers = value(i, measure.count), residents = value(i, 'residents');
      return movers === undefined ? undefined : movers === null || residents === null ? null : 100 * movers / residents;
    };
    const rows = [];
    for (const [order, series] of drawn.entries()) for (const year of years) {
      const i = cell(series, year);
      if (i === undefined) continue;
      rows.push({kind: 'rate', year, series: series.code, label: series.label, value: rate(i),
        residents: value(i, 'residents'), movers: value(i, measure.count), order});
    }
    const title = T.explored_title.replace('{measure}', $('[name=measure]', form).selectedOptions[0].text)
      .replace('{years}', from === to ? from : `${from}–${to}`);
    const where = [
      ...['background', 'region', 'among'].map(name => $(`[name=${name}]`, form))
        .filter(select => !select.disabled && select.value !== 'none|all')
        .map(select => select.selectedOptions[0]?.text),
      $('[name=population]', form).selectedOptions[0]?.text,
    ].filter(Boolean).join(' · ');
    $('#explored-title').textContent = `${title}. ${where}`;
    const note = all.length > HIGHEST ? T.choose : rows.length ? '' : T.none;
    $('#explored-note').textContent = note;
    explorerTable(all, years, cell, value, rate, measure, `${title}. ${where}`);
    const element = $('[data-explored]');
    element.setAttribute('aria-label', `${title}. ${where}. ${drawn.map(s => s.label).join(', ')}. ${T.table_follows}`);
    if (rows.length) {
      element.hidden = false;
      await draw(element, {spec: withSeries(data.charts.explored.spec, drawn), rows});
    } else element.hidden = true;
    const query = new URLSearchParams($$('select', form).filter(s => !s.disabled && s.value !== s.dataset.initial).map(s => [s.name, s.value]));
    if (changed) remember($('#explore'), query);
  }
  function withSeries(spec, series) {
    const copy = structuredClone(spec);
    const domain = series.map(s => s.label);
    const visit = node => {
      if (Array.isArray(node)) return node.forEach(visit);
      if (!node || typeof node !== 'object') return;
      if (node.scale?.range && node.field === 'label') {
        node.scale.range = domain.map((_, i) => node.scale.range[i % node.scale.range.length]);
        node.scale.domain = domain;
      }
      Object.values(node).forEach(visit);
    };
    visit(copy);
    return copy;
  }
  function explorerTable(series, years, cell, value, rate, measure, caption) {
    const counts = $('[name=counts]', form).checked;
    const table = $('table[data-name=explored]');
    delete table.dataset.ready;
    $('caption', table).textContent = caption;
    const heading = (text, noteLabel) => {
      const th = document.createElement('th');
      th.scope = 'col';
      th.textContent = text;
      return th;
    };
    $('thead tr', table).replaceChildren(heading(T.year), ...series.flatMap(s => counts
      ? [heading(s.label), heading(`${s.label}, ${T.movers}`), heading(`${s.label}, ${T.residents}`)]
      : [heading(s.label)]));
    const shown = (content, digits) => {
      const td = document.createElement('td');
      if (content === undefined || content === null) {
        const abbr = document.createElement('abbr');
        [abbr.textContent, abbr.title] = content === null ? [':', T.withheld] : ['..', T.missing];
        td.append(abbr);
        td.dataset.value = '';
      } else {
        td.textContent = number(content, digits);
        td.dataset.value = content;
      }
      return td;
    };
    table.tBodies[0].replaceChildren(...years.map(year => {
      const row = document.createElement('tr');
      const th = document.createElement('th');
      th.scope = 'row';
      th.textContent = year;
      row.append(th, ...series.flatMap(s => {
        const i = cell(s, year);
        return counts
          ? [shown(rate(i), 2), shown(value(i, measure.count), 0), shown(value(i, 'residents'), 0)]
          : [shown(rate(i), 2)];
      }));
      return row;
    }));
    makeSortable(table);
  }

  show(location.hash, false);
  document.documentElement.dataset.ready = 'yes';
})();
