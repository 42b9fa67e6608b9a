# docs/installing.md says how to run it. `npm run image` runs these steps without a container engine, and proves the
# result.
ARG NODE_IMAGE=node:24-trixie-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --no-audit --no-fund --ignore-scripts
COPY . .
RUN npm pack --silent --pack-destination /tmp

FROM ${NODE_IMAGE} AS install
WORKDIR /opt/reprise
COPY --from=build /tmp/reprise-*.tgz /tmp/
# From its own lock file, which npm ignores in a package that it is told to install, and which has nothing for
# development. The image has Debian's ffmpeg.
RUN --mount=type=cache,target=/root/.npm tar --extract --file /tmp/reprise-*.tgz --strip-components=1 \
  && npm pkg delete devDependencies \
  && npm ci --no-audit --no-fund \
  && rm -r node_modules/@ffmpeg-installer/linux-* node_modules/@ffprobe-installer/linux-* \
  && chmod 755 dist/main.js

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="Reprise" \
  org.opencontainers.image.description="A self-hosted music download server" \
  org.opencontainers.image.licenses="MIT"
# nss_wrapper names a user id that has no line in /etc/passwd, as initdb requires.
RUN apt-get update \
  && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends ffmpeg libnss-wrapper \
  && rm -rf /var/lib/apt/lists/*
COPY --from=install /opt/reprise /opt/reprise
COPY --chmod=755 packaging/entrypoint.sh /usr/local/bin/reprise-entrypoint
COPY packaging/healthcheck.mjs /opt/reprise/healthcheck.mjs
# Any user may be told to run this, and a named volume takes over the mode of the directory.
RUN ln -s /opt/reprise/dist/main.js /usr/local/bin/reprise \
  && install --directory --owner=1000 --group=0 --mode=1777 /data /downloads
ENV NODE_ENV=production \
  LANG=C.UTF-8 \
  HOST=0.0.0.0 \
  PORT=7171 \
  DATA_DIR=/data \
  DOWNLOAD_DIR=/downloads
EXPOSE 7171
VOLUME ["/data", "/downloads"]
USER 1000:1000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=2m --retries=3 \
  CMD ["node", "/opt/reprise/healthcheck.mjs"]
ENTRYPOINT ["reprise-entrypoint"]
CMD ["reprise", "start"]
