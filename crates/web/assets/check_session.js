// Says whether the person's session at the provider is still what it was (OpenID Connect Session Management 1.0, section 3.2). The hash is here so that the
// answer does not wait for anything and works where pages have no cryptography of their own; nothing that it hashes is a secret.
(function () {
  "use strict";
  var name = document.currentScript.getAttribute("data-cookie") + "=";

  function browserState() {
    var cookies = document.cookie.split("; ");
    for (var i = 0; i < cookies.length; i += 1) {
      if (cookies[i].indexOf(name) === 0) {
        return cookies[i].slice(name.length);
      }
    }
    return "";
  }

  function utf8(text) {
    var escaped = encodeURIComponent(text);
    var bytes = [];
    for (var i = 0; i < escaped.length; i += 1) {
      if (escaped.charAt(i) === "%") {
        bytes.push(parseInt(escaped.slice(i + 1, i + 3), 16));
        i += 2;
      } else {
        bytes.push(escaped.charCodeAt(i));
      }
    }
    return bytes;
  }

  // The fractional parts of the square roots, or the cube roots, of the first primes (FIPS 180-4, section 4.2.2 and 5.3.3).
  function constants(count, root) {
    var found = [];
    for (var n = 2; found.length < count; n += 1) {
      var prime = true;
      for (var d = 2; d * d <= n; d += 1) {
        if (n % d === 0) {
          prime = false;
        }
      }
      if (prime) {
        var value = Math.pow(n, 1 / root);
        found.push(((value - Math.floor(value)) * 4294967296) | 0);
      }
    }
    return found;
  }

  function rotate(word, by) {
    return (word >>> by) | (word << (32 - by));
  }

  function sha256(bytes) {
    var k = constants(64, 3);
    var hash = constants(8, 2);
    var bits = bytes.length * 8;
    bytes = bytes.concat([128]);
    while (bytes.length % 64 !== 56) {
      bytes.push(0);
    }
    bytes.push(0, 0, 0, 0, (bits >>> 24) & 255, (bits >>> 16) & 255, (bits >>> 8) & 255, bits & 255);
    for (var block = 0; block < bytes.length; block += 64) {
      var w = [];
      for (var i = 0; i < 64; i += 1) {
        if (i < 16) {
          var at = block + i * 4;
          w[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
        } else {
          var s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ (w[i - 15] >>> 3);
          var s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ (w[i - 2] >>> 10);
          w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
        }
      }
      var v = hash.slice();
      for (var j = 0; j < 64; j += 1) {
        var e = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25);
        var one = (v[7] + e + ((v[4] & v[5]) ^ (~v[4] & v[6])) + k[j] + w[j]) | 0;
        var a = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22);
        var two = (a + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]))) | 0;
        v = [(one + two) | 0, v[0], v[1], v[2], (v[3] + one) | 0, v[4], v[5], v[6]];
      }
      for (var h = 0; h < 8; h += 1) {
        hash[h] = (hash[h] + v[h]) | 0;
      }
    }
    return hash;
  }

  function base64url(words) {
    var text = "";
    for (var i = 0; i < words.length; i += 1) {
      text += String.fromCharCode((words[i] >>> 24) & 255, (words[i] >>> 16) & 255, (words[i] >>> 8) & 255, words[i] & 255);
    }
    return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  function judge(message, origin) {
    if (typeof message !== "string" || message.length > 2048) {
      return "error";
    }
    var space = message.lastIndexOf(" ");
    var dot = message.lastIndexOf(".");
    if (space < 1 || dot < space + 2 || dot === message.length - 1) {
      return "error";
    }
    var state = browserState();
    // Without a session nobody was ever given a hash: whoever makes one up is not to learn from it that nobody is signed in.
    if (!state) {
      return "changed";
    }
    var salt = message.slice(dot + 1);
    var text = message.slice(0, space) + " " + origin + " " + state + " " + salt;
    return base64url(sha256(utf8(text))) === message.slice(space + 1, dot) ? "unchanged" : "changed";
  }

  window.addEventListener("message", function (event) {
    // A page without an origin cannot be answered: nobody else may read it.
    if (!event.source || event.source === window || !event.origin || event.origin === "null") {
      return;
    }
    var answer;
    try {
      answer = judge(event.data, event.origin);
    } catch (problem) {
      answer = "error";
    }
    event.source.postMessage(answer, event.origin);
  });
})();
