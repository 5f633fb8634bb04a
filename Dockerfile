# Bellwether on Node 24. Two stages: what it is built with stays in the first.
#
#   docker build -t bellwether .
#
# It runs as an ordinary user, needs no shell but for its health check, and writes only to /data, so the root may be read-only.

FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
# Scripts stay off: on Node 24 the SQLite driver is the prebuilt one (stores/sqlite.ts), so nothing is compiled.
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build \
  && npm prune --omit=dev --ignore-scripts --no-audit --no-fund \
  && rm -rf node_modules/better-sqlite3

FROM node:24.21.0-bookworm-slim
LABEL org.opencontainers.image.title="Bellwether" \
  org.opencontainers.image.description="The backend a city trusts with its sensors" \
  org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production \
  BELLWETHER_DATA_DIR=/data \
  BELLWETHER_MQTT_HOST=0.0.0.0 \
  BELLWETHER_HTTP_HOST=0.0.0.0
WORKDIR /app
RUN install -d -o node -g node -m 0700 /data \
  && rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn*
COPY --from=build /app/package.json /app/LICENSE ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/simulators/episodes ./simulators/episodes
COPY deploy/healthy.sh ./
USER node
VOLUME /data
EXPOSE 1883 8883 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD ["/bin/bash", "/app/healthy.sh"]
ENTRYPOINT ["node", "dist/cli/bellwether.js"]
CMD ["serve"]
