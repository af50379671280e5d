#!/bin/sh
# For certbot: installs a renewed certificate and its key where hubgate can read them. certbot's own are for root only.
#   certbot certonly … --deploy-hook /usr/local/lib/node_modules/hubgate/scripts/certbot-deploy-hook.sh
# hubgate notices the files by itself, within seconds; no connection is dropped. By hand: RENEWED_LINEAGE=/etc/letsencrypt/live/NAME sh …
#   HUBGATE_TLS_DIR   where to (default /etc/hubgate/tls; as in tls.certificate and tls.key: fullchain.pem, privkey.pem)
#   HUBGATE_GROUP     who may read the key (default hubgate)
#   HUBGATE_NAME      only certificates of this name; others are left to others
# Exit: 0 installed, or not for us; 1 not installed, and what was there is as it was. No word of a key is printed.
set -eu
umask 077

directory=${HUBGATE_TLS_DIR:-/etc/hubgate/tls}
group=${HUBGATE_GROUP:-hubgate}

fail() {
  printf 'certbot-deploy-hook: %s\n' "$*" >&2
  exit 1
}

[ -n "${RENEWED_LINEAGE:-}" ] || fail 'RENEWED_LINEAGE is not set: certbot sets it, by hand it is /etc/letsencrypt/live/NAME'
if [ -n "${HUBGATE_NAME:-}" ] && [ "$(basename -- "$RENEWED_LINEAGE")" != "$HUBGATE_NAME" ]; then exit 0; fi
certificate=$RENEWED_LINEAGE/fullchain.pem
key=$RENEWED_LINEAGE/privkey.pem
for file in "$certificate" "$key"; do
  [ -r "$file" ] || fail "$file cannot be read"
done

# What does not fit each other would be refused by hubgate, loudly; it is not even installed.
of_certificate=$(openssl x509 -in "$certificate" -noout -pubkey 2>/dev/null) || fail "$certificate holds no certificate that openssl reads"
of_key=$(openssl pkey -in "$key" -pubout 2>/dev/null) || fail "$key holds no key that openssl reads"
[ "$of_certificate" = "$of_key" ] || fail "$key does not fit $certificate"

[ -d "$directory" ] || fail "$directory is not there: make it, readable by $group"
new_certificate=$directory/.fullchain.pem.$$
new_key=$directory/.privkey.pem.$$
trap 'rm -f -- "$new_certificate" "$new_key"' EXIT
# Whole and readable before they get their names: hubgate never sees half of one. For the moment between the two, it tries again.
if ! { cat -- "$certificate" >"$new_certificate" && cat -- "$key" >"$new_key"; }; then fail "$directory cannot be written"; fi
chgrp -- "$group" "$new_certificate" "$new_key" || fail "the group $group cannot be given the files"
chmod 0644 "$new_certificate"
chmod 0640 "$new_key"
if ! { mv -f -- "$new_key" "$directory/privkey.pem" && mv -f -- "$new_certificate" "$directory/fullchain.pem"; }; then
  fail "$directory cannot be written"
fi
