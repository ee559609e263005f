#!/usr/bin/env bash
# Chromium and what drives it, for check.py: Debian's packages, and selenium in .venv-report.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if ! command -v chromedriver >/dev/null || ! command -v chromium >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium chromium-driver
fi
if [[ ! -x .venv-report/bin/python ]]; then
  python3 -m venv .venv-report
fi
.venv-report/bin/python -c 'import selenium' 2>/dev/null ||
  .venv-report/bin/pip install --quiet selenium==4.36.0
