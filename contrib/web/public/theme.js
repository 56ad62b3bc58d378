// SPDX-License-Identifier: MIT
try {
  var theme = localStorage.getItem('ow.theme');
  if (theme) document.documentElement.dataset.theme = theme;
} catch (e) {}
