#!/usr/bin/env bats
# The wasm on real requests, through kwctl or, without it, through its stand-in. KWCTL names the command, STAND_IN the
# stand-in. One helper a verdict; the cases are one line each.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME"
    policy=annotated-policy.wasm
    export RUST_BACKTRACE=0
    stand_in=${STAND_IN:-target/debug/xtask}
    kwctl=${KWCTL:-$(command -v kwctl || echo "$stand_in")}
    clock=()
}

# at TIME: what follows is judged then. faketime cannot move the clock of a program that is linked statically, as the
# released kwctl is: then the stand-in takes its place.
at() {
    clock=(env TZ=UTC faketime "$1")
    [[ "$(ldd "$(command -v "$kwctl")" 2>&1)" == *libc.* ]] || kwctl=$stand_in
}

# judge REQUEST SETTINGS [SESSION]: settings are a name in test_data/settings; the session is one in test_data/sessions.
judge() {
    local session=()
    [ -z "${3:-}" ] || session=(--allow-context-aware --replay-host-capabilities-interactions "test_data/sessions/$3.yml")
    # kwctl logs beside its answer.
    run --separate-stderr "${clock[@]}" "$kwctl" run --request-path "test_data/$1.json" \
        --settings-path "test_data/settings/$2.yml" "${session[@]}" "$policy"
    [ "$status" -eq 0 ] || { echo "$output"; echo "$stderr"; return 1; }
}

# run_with_config_map FLAG...: a request whose exception is in the ConfigMap, with more of kwctl's flags.
run_with_config_map() {
    run "${clock[@]}" "$kwctl" run --request-path test_data/pod-outside.json \
        --settings-path test_data/settings/option-4-config-map.yml \
        --replay-host-capabilities-interactions test_data/sessions/allow-list-json.yml "$policy" "$@"
    return "$status"
}

says() { [[ "$output" == *"$1"* ]] || { echo "not in the answer: $1"; echo "$output"; return 1; }; }

accepts() { judge "$1" "$2" "${3:-}" && says '"allowed":true' && says '"warnings":null'; }
warns() { judge "$1" "$2" "${4:-}" && says '"allowed":true' && says "\"warnings\":[\"$3\"]"; }
refuses() { judge "$1" "$2" "${4:-}" && says '"allowed":false' && says '"code":403' && says "$3"; }

@test "accepts an approved image" { accepts pod-approved option-3; }
@test "accepts anything in kube-system" { accepts pod-kube-system option-3; }
@test "option 1: accepts every image" { accepts pod-outside option-1; }
@test "option 2: accepts every image before the date, with a warning from 30 days before it" {
    at '2026-09-18 09:00:00'
    accepts pod-outside option-2
    at '2026-12-19 12:00:00'
    warns pod-outside option-2 'tool-mix may run nginx:1.27 until 2026-12-31, 12 days left'
    at '2026-12-31 23:59:00'
    warns pod-outside option-2 'tool-mix may run nginx:1.27 until 2026-12-31, less than a day left'
}
@test "a registry is retired: warns before the date, refuses after it, and says what to use" {
    at '2027-01-19 12:00:00'
    warns pod-approved toolforge 'docker-registry.tools.wmflabs.org/toolforge-python311-sssd-web:latest may run until 2027-01-31, 12 days left; use docker-registry.svc.toolforge.org/toolforge-python311-sssd-web:latest (T394902)'
    at '2027-02-01 00:00:00'
    refuses pod-approved toolforge 'docker-registry.tools.wmflabs.org was approved until 2027-01-31; use docker-registry.svc.toolforge.org/toolforge-python311-sssd-web:latest (T394902)'
}
@test "an image is retired: warns before the date, refuses after it, and says what to use" {
    at '2027-02-23 12:00:00'
    judge job-node12 toolforge
    says '"allowed":true'
    says 'may run until 2027-03-01, 6 days left; use docker-registry.svc.toolforge.org/toolforge-node20-sssd-base:latest@sha256:'
    at '2027-03-02 00:00:00'
    refuses job-node12 toolforge 'was allowed until 2027-03-01 (denied_images: docker-registry.svc.toolforge.org/toolforge-node12-sssd-base); use docker-registry.svc.toolforge.org/toolforge-node20-sssd-base:latest@sha256:'
}
@test "a mirror is recommended" {
    refuses pod-outside toolforge 'tool-mix has no exception; use tools-harbor.wmcloud.org/dockerhub-cache/library/nginx:1.27'
}
@test "option 2: refuses after the date" {
    at '2027-01-01 00:00:00'
    refuses pod-outside option-2 'is not from an approved registry; the exception for tool-mix ended on 2026-12-31'
}
@test "option 3: refuses what is not approved" {
    refuses pod-outside option-3 '1 image of Pod tool-mix/web is not allowed:\n- containers[web]: nginx:1.27 (docker.io/library/nginx:1.27) is not from an approved registry; tool-mix has no exception\napproved: docker-registry.tools.wmflabs.org'
}
@test "option 4: warns before an exception ends" {
    at '2026-09-18 09:00:00'
    warns pod-wikidata option-4 'tool-wikidata-exports may run quay.io/wikidata/exports:2.1 until 2026-09-30, 12 days left (T302863)'
}
@test "option 4: says which exception ended and which there never was" {
    at '2026-10-01 00:00:00'
    refuses pod-two-outside option-4 '2 images of Pod tool-mix/web are not allowed:\n- containers[web]: nginx:1.27 (docker.io/library/nginx:1.27) is not from an approved registry; the exception for tool-mix ended on 2026-09-30\n- volumes[models]: evil.example/m (evil.example/m:latest) is not from an approved registry; tool-mix has no exception\napproved: docker-registry.tools.wmflabs.org, tools-harbor.wmcloud.org/toolforge, tools-harbor.wmcloud.org/tool-mix\nAsk for an exception: https://phabricator.wikimedia.org/tag/toolforge/'
}
@test "{namespace}: accepts the tool's own project and refuses another's" {
    accepts pod-own-project option-4
    refuses pod-other-project option-4 'tool-mix has no exception'
}
@test "ConfigMap: accepts what an entry allows" {
    at '2026-09-18 09:00:00'
    accepts pod-outside option-4-config-map allow-list-date
}
@test "ConfigMap: accepts what a JSON entry allows" {
    at '2026-09-18 09:00:00'
    accepts pod-outside option-4-config-map allow-list-json
}
@test "ConfigMap: refuses without an entry" { refuses pod-outside option-4-config-map 'tool-mix has no exception\n' allow-list-no-entry; }
@test "ConfigMap: refuses a wrong entry, and says what is wrong" {
    refuses pod-outside option-4-config-map 'the allow list in ConfigMap registry-enforcer/byoc-allow-list has a wrong entry: tool-mix.sunset: is not known here: did you mean sunset_date?' allow-list-typo
}
@test "ConfigMap: refuses when it is missing, and says whom to tell" {
    refuses pod-outside option-4-config-map 'the allow list cannot be read, which an admin has to mend: ConfigMap registry-enforcer/byoc-allow-list does not exist' allow-list-missing
    [[ "$output" != *'stack trace'* ]]
}
@test "ConfigMap: is not asked for an approved image" { accepts pod-approved option-4-config-map; }
@test "allow list: refuses a wrong edit, and names every mistake with what to write" {
    at '2026-09-18 09:00:00'
    refuses list-wrong option-4-config-map 'the allow list in ConfigMap registry-enforcer/byoc-allow-list cannot be written so:\ntool-try: \"31/12/2026\" is not a date: write 2026-12-31\ntool-wikidata: lacks owner: '
    says '\ntool-wikidata: ends on 2028-01-01, more than 365 days from now: write 2027-09-18 at the latest"'
}
@test "allow list: accepts a right edit, and warns about what was there before" {
    at '2026-09-18 09:00:00'
    judge list-right option-4-config-map
    says '"allowed":true'
    says '"left as it was, but wrong: tool-wsexport: \"31/12/2026\" is not a date: write 2026-12-31"'
    says '"entries of the allow list that have ended and can go: tool-feeds (2026-08-31)"'
}
@test "ConfigMap: is not read where the host capability is not allowed" {
    at '2026-09-18 09:00:00'
    local allow='--allow-context-aware --allowed-host-capabilities'
    for pattern in 'kubernetes/*' 'kubernetes/get_resource' '*'; do
        run_with_config_map $allow "$pattern"
        says '"allowed":true'
    done
    run_with_config_map $allow 'oci/*'
    says '"allowed":false'
    # No pattern at all allows nothing.
    run_with_config_map $allow
    says '"allowed":false'
    run_with_config_map $allow 'kubernetes' || [ "$status" -eq 1 ]
    says 'Invalid host capabilities pattern'
}
@test "an update that adds no image passes with a warning" {
    judge deployment-scaled option-3
    says '"allowed":true'
    says 'let through unchanged, new pods with it will be refused: containers[web]: nginx:1.27'
}
@test "an update that adds an image is judged" { refuses deployment-changed option-3 'containers[web]: nginx:1.28'; }
@test "kubectl debug is judged" { refuses pod-debug option-3 'ephemeralContainers[debug]: busybox (docker.io/library/busybox:latest)'; }
@test "a CronJob is judged" { refuses cronjob-outside option-3 '1 image of CronJob tool-mix/nightly is not allowed:\n- containers[dump]: ghcr.io/team/dump:1 is not'; }
@test "a denied tag is denied with a digest too" { refuses pod-denied denied 'is denied (denied_images: quay.io/x/y:1.2): use another image'; }
@test "custom kinds: pod specs" { refuses rollout-outside custom-kinds '- /spec/template/spec/containers[web]: nginx:1.27'; }
@test "custom kinds: images" { refuses task-outside custom-kinds '- /spec/steps/1/image: nginx:1.27'; }
@test "an unknown kind is refused" {
    refuses rollout-outside option-3 "this policy cannot read Kind Rollout (group argoproj.io): take it out of the policy's rules or describe it in custom_kinds"
}
@test "the pause image of a node is judged" {
    refuses node-pause option-3 '1 image of Node worker-1 is not allowed:\n- status.images[0]: registry.k8s.io/pause:3.9 is not from an approved registry; exceptions exist for namespaces only'
}
@test "requirements: accepts an image that brings them all" {
    at '2026-09-18 09:00:00'
    accepts pod-wikidata requirements image-met
}
@test "requirements: reports all that an image lacks" {
    at '2026-09-18 09:00:00'
    refuses pod-wikidata requirements 'lacks what the exception for tool-wikidata-exports requires: its label org.opencontainers.image.licenses is \"SSPL-1.0\", which cannot be met with licences that OSI has approved: use an image that can; it has no label org.opencontainers.image.source: add the https:// address of its source; it was created on 2025-08-01, 412 days ago; at most 180 days are allowed: rebuild it; it is not built on docker-registry.tools.wmflabs.org/toolforge-bookworm-sssd:latest: build it FROM there' image-unmet
}
@test "requirements: refuses when the registry cannot be read" {
    refuses pod-wikidata requirements 'what its registry says about it cannot be read: the registry is not reachable' image-unreadable
}
@test "wrong settings are not valid, all problems at once" {
    run "$kwctl" run --request-path test_data/pod-approved.json --settings-json '{"registry_prefixes":["nginx"],"sunset":"31/12/2026"}' "$policy"
    [ "$status" -eq 1 ]
    says 'Provided settings are not valid: sunset: is not known here: did you mean sunset_date?'
    says 'registry_prefixes[0]: "nginx" names no registry: write host/path'
}
