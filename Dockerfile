# hubgate in a container: built with everything, run with nothing but Node, its dependencies and itself, as nobody special.
# It runs with a read-only root file system; what it writes is the volume /var/lib/hubgate. How to use it: docs/deploy.md.
# To pin the base by digest as well: --build-arg NODE_IMAGE=node:24.21.0-bookworm-slim@sha256:…
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY .npmrc package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/run.mjs scripts/run.mjs
COPY src src
RUN node scripts/run.mjs build && chmod 755 dist/cli/main.js
RUN npm ci --ignore-scripts --omit=dev --no-audit --no-fund

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="hubgate" \
      org.opencontainers.image.description="The front door for Meta webhooks" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 hubgate \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin hubgate \
 && install -d -o 10001 -g 10001 -m 0750 /var/lib/hubgate \
 && install -d -m 0755 /etc/hubgate \
 && ln -s /opt/hubgate/dist/cli/main.js /usr/local/bin/hubgate
WORKDIR /opt/hubgate
COPY package.json LICENSE README.md ./
COPY certs certs
COPY docs docs
# What `hubgate front` fills.
COPY nginx nginx
COPY haproxy haproxy
COPY envoy envoy
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
ENV NODE_ENV=production HUBGATE_CONFIG=/etc/hubgate/hubgate.yaml STATE_DIRECTORY=/var/lib/hubgate
USER 10001:10001
VOLUME /var/lib/hubgate
EXPOSE 8443
# Ready for deliveries: asks the admin listener of this very container.
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 CMD ["hubgate", "health"]
# hubgate itself is process 1 and hears SIGTERM: it drains for shutdown.delay and shutdown.timeout (25 s). Give it 40.
STOPSIGNAL SIGTERM
ENTRYPOINT ["hubgate"]
CMD ["serve"]
