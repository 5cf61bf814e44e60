// Goes on to where the page's link leads as soon as its frames are there, or after five seconds.
(function () {
  "use strict";
  var link = document.getElementById("continue");
  function go() {
    window.location.replace(link.href);
  }
  if (link) {
    window.addEventListener("load", go);
    window.setTimeout(go, 5000);
  }
})();
