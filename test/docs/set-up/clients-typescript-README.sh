# What npm would install.
"$repository/node_modules/.bin/tsc" -p "$repository/clients/typescript" &&
  mkdir -p node_modules/@mars-events && cp -r "$repository/clients/typescript" node_modules/@mars-events/client
