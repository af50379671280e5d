// A registry's answer as it looks in 2026, with one trap of each kind: what others registered, poison, private space, a copy
// made of RPKI data, maintainers in a list that goes on, comments at line ends.

export const SAMPLE = `route:          157.240.0.0/16
descr:          Facebook, Inc.
origin:         AS32934
mnt-by:         MAINT-AS32934
changed:        neteng@example.invalid 20150501  #17:00:01Z
source:         RADB
last-modified:  2023-11-13T15:41:43Z
rpki-ov-state:  valid

route:          157.240.1.0/24
descr:          Facebook, Inc.
origin:         AS32934
mnt-by:         MAINT-AS32934
source:         RADB
last-modified:  2023-11-13T15:41:43Z
rpki-ov-state:  not_found # No ROAs found, or RPKI validation not enabled for source

route:          157.240.0.0/16
descr:          RPKI ROA for 157.240.0.0/16 / AS32934
remarks:        This AS32934 route object represents routing data retrieved
                from the RPKI. This route object is the result of an automated
                RPKI-to-IRR conversion process performed by IRRd.
max-length:     24
origin:         AS32934
source:         RPKI  # Trust Anchor: arin

route:          57.141.0.0/24
descr:          Meta Route
origin:         AS32934
mnt-by:         fb-neteng
mnt-by:         facebook-neteng
mnt-by:         meta-mnt
source:         RIPE
rpki-ov-state:  valid

route:          185.60.216.0/22
descr:          Facebook, Inc.
origin:         AS32934
mnt-by:         MNT-OTHER,
                MAINT-AS32934
source:         RADB

route:          203.0.113.0/24
descr:          a cache in another network
origin:         AS32934
mnt-by:         SOME-ISP-MNT
source:         RIPE

route:          0.0.0.0/0
descr:          poison
origin:         AS32934
mnt-by:         MAINT-EVIL
source:         ALTDB

route:          10.0.0.0/8
descr:          private space
origin:         AS32934
mnt-by:         MAINT-EVIL
source:         ALTDB

route6:         2a03:2880::/32
descr:          Facebook, Inc.
origin:         AS32934
mnt-by:         MAINT-AS32934
source:         RADB
rpki-ov-state:  valid

route6:         2a10:f781:10:cee0::/64
descr:          a sensor network that names the wrong origin
origin:         AS32934
mnt-by:         OTHER-MNT
source:         RIPE


`
