# SPDX-License-Identifier: BSD-2-Clause
dist_man_MANS += doc/ikectl.8
EXTRA_DIST += doc/picture.svg
