/* The example page: what is counted, once a second; what becomes of each slot; and as much of a player as VAST's inline ads need. */
(function () {
  'use strict';
  var bought = document.getElementById('bought'), none = document.getElementById('none');
  var publisher = document.querySelector('script[src*="t.js"]').src.replace(/.*\?p=/, '');

  function make(name, text, into) {
    var node = document.createElement(name);
    if (text !== undefined) node.textContent = text;
    if (into) into.appendChild(node);
    return node;
  }

  /* ---- numbers ---- */

  var cards = {}, tries = 0;

  /* What was just booked is shown within a second or two, without a reload. */
  function askAgain() {
    Array.prototype.forEach.call(document.querySelectorAll('[data-slot][data-empty]'), function (place) {
      place.removeAttribute('data-empty');
      window.salesagent.refresh(place);
    });
  }

  function card(p) {
    var node = make('section'), numbers = {}, list, link;
    node.className = 'buy';
    make('h3', p.title || p.package_id, node);
    list = make('dl', undefined, node);
    ['impressions', 'viewable', 'clicks'].forEach(function (name) {
      var pair = make('div', undefined, list);
      make('dt', name, pair);
      numbers[name] = make('dd', '', pair);
    });
    numbers.why = make('p', '', node);
    numbers.filtered = make('p', '', node);
    link = make('a', p.media_buy_id, make('p', 'media buy ', node));
    link.href = '/admin/buys/' + encodeURIComponent(p.media_buy_id);
    bought.appendChild(node);
    tries = 3;
    return numbers;
  }

  function count() {
    fetch('/demo/counts?p=' + publisher, { cache: 'no-store' }).then(function (r) { return r.json(); }).then(function (answer) {
      none.hidden = answer.packages.length > 0;
      answer.packages.forEach(function (p) {
        var numbers = cards[p.package_id] = cards[p.package_id] || card(p);
        ['impressions', 'viewable', 'clicks'].forEach(function (name) { numbers[name].textContent = p[name]; });
        numbers.why.textContent = p.why ? 'Not shown now: ' + p.why + '.' :
          p.because ? 'Not shown ' + p.kept_off + ' times in the last hour: ' + p.because + '.' : '';
        numbers.filtered.textContent = p.filtered ? p.filtered + ' events did not count: ' + p.filtered_as + '.' : '';
      });
      if (tries-- > 0) askAgain();
    })['catch'](function () { /* the agent is being restarted: in a second again */ }).then(function () {
      setTimeout(count, 1000);
    });
  }

  /* ---- slots ---- */

  var states = { impression: 'Shown: an impression is counted.', viewable: 'In sight for a second: it is viewable, too.',
    empty: 'Nothing to show here just now.', error: 'The creative could not be loaded.' };

  function state(place, text) {
    place.parentNode.querySelector('.state').textContent = text;
  }

  Object.keys(states).forEach(function (name) {
    document.addEventListener('salesagent:' + name, function (e) {
      state(e.target, states[name]);
      if (name === 'empty') e.target.setAttribute('data-empty', '');
    });
  });

  /* ---- films ---- */

  function ping(url) {
    new Image().src = url;
  }

  function texts(vast, selector) {
    return Array.prototype.map.call(vast.querySelectorAll(selector), function (n) { return n.textContent.trim(); });
  }

  function play(place, vast) {
    var file = texts(vast, 'InLine MediaFile')[0], video = make('video'), told = {};
    var landing = texts(vast, 'ClickThrough')[0], link;
    if (!file) return state(place, states.empty);
    function tell(event) {
      if (told[event]) return;
      told[event] = true;
      texts(vast, 'Tracking[event="' + event + '"]').forEach(ping);
    }
    video.muted = video.autoplay = video.playsInline = video.controls = true;
    video.addEventListener('playing', function () {
      if (!told.start) texts(vast, 'Impression').forEach(ping);
      tell('start');
      state(place, states.impression);
    });
    video.addEventListener('timeupdate', function () {
      ['firstQuartile', 'midpoint', 'thirdQuartile'].forEach(function (event, i) {
        if (video.currentTime / video.duration >= (i + 1) / 4) tell(event);
      });
    });
    video.addEventListener('ended', function () {
      tell('complete');
      state(place, 'Played to its end: a completed view is counted.');
    });
    video.addEventListener('error', function () { state(place, states.error); });
    video.src = file;
    place.textContent = '';
    make('span', 'Advertisement', place);
    place.appendChild(video);
    if (!landing) return;
    link = make('a', 'To the advertiser', place);
    link.href = landing;
    link.target = '_blank';
    link.rel = 'noopener sponsored';
    link.addEventListener('click', function () { texts(vast, 'ClickTracking').forEach(ping); });
  }

  Array.prototype.forEach.call(document.querySelectorAll('[data-film]'), function (place) {
    fetch('/ads/v?slot=' + encodeURIComponent(place.getAttribute('data-film')) + '&p=' + publisher).then(function (r) {
      return r.text();
    }).then(function (text) { play(place, new DOMParser().parseFromString(text, 'text/xml')); });
  });

  count();
})();
