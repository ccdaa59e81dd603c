// What is nicer with a script; nothing needs it. Keys: ? shows them, g then a letter goes to a page, / searches.
(() => {
  'use strict';
  const typing = (e) => /^(INPUT|TEXTAREA|SELECT)$/.test(e.tagName) || e.isContentEditable;
  const pages = () => [...document.querySelectorAll('a[data-key]')];

  const help = () => {
    let dialog = document.querySelector('dialog.keys');
    if (!dialog) {
      dialog = document.createElement('dialog');
      dialog.className = 'keys';
      const list = document.createElement('dl');
      const add = (keys, what) => {
        const dt = document.createElement('dt'), dd = document.createElement('dd');
        dt.textContent = keys;
        dd.textContent = what;
        list.append(dt, dd);
      };
      add('?', 'these keys');
      add('/', 'search');
      for (const a of pages()) add(`g ${a.dataset.key}`, a.firstChild.textContent.trim());
      const close = document.createElement('button');
      close.textContent = 'Close';
      close.addEventListener('click', () => dialog.close());
      dialog.append(list, close);
      document.body.append(dialog);
    }
    dialog.showModal();
  };

  let going = 0;
  document.addEventListener('keydown', (e) => {
    if (e.ctrlKey || e.altKey || e.metaKey || typing(e.target)) return;
    if (Date.now() - going < 1500) {
      const a = pages().find((p) => p.dataset.key === e.key);
      going = 0;
      if (a) location.assign(a.href);
      return;
    }
    if (e.key === 'g') going = Date.now();
    if (e.key === '?') help();
    if (e.key === '/') {
      const search = document.querySelector('input[type=search]');
      if (search) { e.preventDefault(); search.focus(); search.select(); }
    }
  });

  // One box that chooses all of a table's.
  for (const table of document.querySelectorAll('table')) {
    const boxes = [...table.querySelectorAll('td.choose input[type=checkbox]:not(:disabled)')];
    const head = table.querySelector('thead th');
    if (boxes.length < 2 || !head) continue;
    const all = document.createElement('input');
    all.type = 'checkbox';
    all.setAttribute('aria-label', 'Choose all');
    all.addEventListener('change', () => { for (const box of boxes) box.checked = all.checked; });
    head.append(all);
  }
})();
