/* The tag: shows ads in every <div data-slot="..."> of a page, and tells the ad server what became of them.
 *
 * It asks once for all slots it finds, so that no two ads of one advertiser meet; shows pictures as links and everything
 * else in sandboxed frames; counts an impression when the ad begins to render, and a view when half of it (of large ones
 * 30 %) was in sight for a second. Nothing is kept on the device without the consent that allows it. A page without room,
 * consent framework or answer keeps what it has in the slot. docs/ad-servers/house.md describes attributes and events.
 *
 * The server puts the publisher's settings where it says SETTINGS. */
(function () {
  'use strict';
  var settings = /*SETTINGS*/{};
  var doc = document, win = window, me = doc.currentScript;
  var base = me.src.replace(/\/t\.js.*$/, '');
  var publisher = (me.src.match(/[?&]p=([^&]*)/) || [])[1] || '';
  var waitForConsent = +(me.getAttribute('data-consent-wait') || 2000);
  var large = 242500; /* pixels: of these ads 30 % in sight are enough */
  var pageId = random();

  function random() {
    return Math.random().toString(36).slice(2) + Date.now().toString(36);
  }

  function ping(url) {
    new Image().src = url;
  }

  /* For what happens while a page is being left. */
  function tell(url) {
    if (!(navigator.sendBeacon && navigator.sendBeacon(url))) ping(url);
  }

  function each(list, call) {
    Array.prototype.forEach.call(list, call);
  }

  /* ---- consent ---- */

  /* Calls back once with {gdpr, gdpr_consent, gpp, gpp_sid, storage}; what nobody says in time is left out. */
  function consent(done) {
    var c = {}, open = 0, over = false;
    function finish() {
      if (over) return;
      over = true;
      done(c);
    }
    function answered() {
      open -= 1;
      if (!open) finish();
    }
    if (typeof win.__tcfapi === 'function') {
      open += 1;
      win.__tcfapi('addEventListener', 2, function (tc, ok) {
        if (!ok || !tc) return answered();
        if (tc.gdprApplies !== undefined) c.gdpr = tc.gdprApplies ? '1' : '0';
        if (tc.tcString) c.gdpr_consent = tc.tcString;
        var p = (tc.purpose && tc.purpose.consents) || {}, own = (tc.publisher && tc.publisher.consents) || {};
        c.storage = tc.gdprApplies === false || p[1] === true || own[1] === true;
        if (tc.gdprApplies === false || tc.eventStatus === 'tcloaded' || tc.eventStatus === 'useractioncomplete') answered();
      });
    }
    if (typeof win.__gpp === 'function') {
      open += 1;
      win.__gpp('ping', function (g) {
        if (g && g.gppString) {
          c.gpp = g.gppString;
          c.gpp_sid = (g.applicableSections || []).join(',');
        }
        answered();
      });
    }
    if (!open) return finish();
    setTimeout(finish, waitForConsent);
  }

  /* An id of this site's own, only where it may be kept; otherwise one of this page view, kept nowhere. */
  function visitor(c) {
    var key = 'salesagent-visitor', id;
    var may = settings.ids === 'always' || (settings.ids !== 'never' && c.storage === true);
    try {
      if (!may) {
        win.localStorage.removeItem(key);
        return { session: pageId };
      }
      id = win.localStorage.getItem(key);
      if (!id) {
        id = random() + random();
        win.localStorage.setItem(key, id);
      }
      return { visitor: id };
    } catch (e) {
      return { session: pageId };
    }
  }

  /* ---- showing ---- */

  function style(node, css) {
    node.style.cssText += ';' + css;
    return node;
  }

  function make(name, attributes) {
    var node = doc.createElement(name), k;
    for (k in attributes) node.setAttribute(k, attributes[k]);
    return node;
  }

  function label(ad) {
    var node = style(make('div', { 'class': 'salesagent-label' }), 'font:11px/16px sans-serif;color:#555;text-align:left');
    node.textContent = ad.label + (ad.disclosure ? ' \u00b7 ' + ad.disclosure : '');
    return node;
  }

  function picture(ad) {
    var img = make('img', { width: ad.width, height: ad.height, alt: ad.alt || ad.label });
    var link = ad.click_url ? make('a', { href: ad.click_url, target: '_blank', rel: 'noopener sponsored' }) : null;
    style(img, 'border:0;display:block;max-width:100%;height:auto');
    if (!link) return { node: img, shown: img, url: ad.image_url };
    link.appendChild(img);
    return { node: style(link, 'display:inline-block'), shown: img, url: ad.image_url };
  }

  function frame(ad) {
    var node = make('iframe', {
      width: ad.width, height: ad.height, title: ad.label, scrolling: 'no', frameborder: '0',
      sandbox: 'allow-scripts allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation'
    });
    return { node: style(node, 'border:0;display:block;max-width:100%'), shown: node, url: ad.frame_url };
  }

  function announce(where, name, ad) {
    where.dispatchEvent(new CustomEvent('salesagent:' + name, { bubbles: true, detail: ad }));
  }

  function show(where, ad) {
    var part = ad.kind === 'image' ? picture(ad) : frame(ad);
    part.shown.addEventListener('error', function () {
      where.textContent = '';
      announce(where, 'error', ad);
    });
    part.shown.addEventListener('load', function loaded() {
      part.shown.removeEventListener('load', loaded);
      ping(ad.impression_url);
      each(ad.trackers || [], function (url) { if (url) ping(url); });
      announce(where, 'impression', ad);
      setTimeout(function () { watch(where, part.shown, ad); }, 100);
    });
    part.shown.src = part.url; /* before it is part of the page: an empty frame would be loaded first, and counted */
    where.textContent = '';
    where.appendChild(label(ad));
    where.appendChild(part.node);
  }

  /* In sight for a second without a break, in a tab that is looked at. */
  function watch(where, node, ad) {
    var part = ad.width * ad.height >= large ? 0.3 : 0.5, timer = 0, inSight = false, observer;
    if (!('IntersectionObserver' in win)) return;
    ping(ad.measurable_url);
    function done() {
      observer.disconnect();
      doc.removeEventListener('visibilitychange', look);
      tell(ad.viewable_url);
      announce(where, 'viewable', ad);
    }
    function look() {
      var seen = inSight && doc.visibilityState === 'visible';
      if (seen && !timer) timer = setTimeout(done, 1000);
      if (!seen && timer) timer = clearTimeout(timer) || 0;
    }
    observer = new IntersectionObserver(function (entries) {
      inSight = entries[entries.length - 1].intersectionRatio >= part;
      look();
    }, { threshold: [0, part] });
    observer.observe(node);
    doc.addEventListener('visibilitychange', look);
  }

  /* ---- asking ---- */

  function add(query, name, value) {
    if (value !== undefined && value !== null && value !== '') query.push(name + '=' + encodeURIComponent(value));
  }

  function ask(nodes, c) {
    var query = [], who = visitor(c), k;
    each(nodes, function (node) {
      var sizes = node.getAttribute('data-size') || '';
      add(query, 'slot', node.getAttribute('data-slot') + (sizes ? '@' + sizes : ''));
    });
    each((me.getAttribute('data-keys') || '').split(';'), function (pair) { add(query, 'k', pair.trim()); });
    add(query, 'p', decodeURIComponent(publisher));
    for (k in who) add(query, k, who[k]);
    each(['gdpr', 'gdpr_consent', 'gpp', 'gpp_sid'], function (name) { add(query, name, c[name]); });
    add(query, 'cb', random());
    fetch(base + '/d?' + query.join('&'), { credentials: 'omit', cache: 'no-store' }).then(function (reply) {
      return reply.status === 200 ? reply.json() : { ads: [] };
    })['catch'](function () {
      return { ads: [] }; /* refused, cut off or not to be reached: for the page the same as no ad */
    }).then(function (answer) {
      each(nodes, function (node, i) {
        var ad = answer.ads.filter(function (x) { return x.place === i; })[0];
        if (ad) show(node, ad); else announce(node, 'empty', {});
      });
    });
  }

  /* Slots that have not been asked for yet; of a page with more than one request may name, the rest afterwards. */
  function scan() {
    var fresh = [], more = false;
    each(doc.querySelectorAll('[data-slot]'), function (node) {
      if (node.salesagent) return;
      more = fresh.length === 32;
      if (more) return;
      node.salesagent = true;
      fresh.push(node);
    });
    if (fresh.length) consent(function (c) { ask(fresh, c); });
    if (more) scan();
    each(doc.querySelectorAll('[data-ad]'), function (node) {
      if (node.salesagent) return;
      node.salesagent = true;
      show(node, JSON.parse(node.getAttribute('data-ad')));
    });
  }

  /* Nothing is asked for, and nothing counted, before somebody looks: not in prerendered pages, not in tabs behind. */
  function start() {
    if (doc.prerendering || doc.visibilityState === 'hidden') {
      doc.addEventListener(doc.prerendering ? 'prerenderingchange' : 'visibilitychange', start, { once: true });
    } else if (doc.readyState === 'loading') {
      doc.addEventListener('DOMContentLoaded', scan, { once: true });
    } else {
      scan();
    }
  }

  /* For pages that change without being loaded again. */
  win.salesagent = {
    scan: scan,
    refresh: function (node) {
      node.salesagent = false;
      scan();
    }
  };
  start();
})();
