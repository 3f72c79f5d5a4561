//! What `check` and `why` say of an image before its approval ends or its denial begins, and after.

mod common;

use common::{check, errors, run};

const RETIRING: &str = "--settings retiring.yaml --allow-list allow-list.yaml";

const HOST: &str = "docker-registry.tools.wmflabs.org/fluentd:1";
const IMAGE: &str = "tools-harbor.wmcloud.org/tool-ok/web:1";

#[test]
fn check_warns_before_and_refuses_after() {
    const CASES: &[(&str, &str, &str, i32)] = &[
        (
            HOST,
            "2026-09-15",
            "warning Pod tool-ok/p\n  docker-registry.tools.wmflabs.org/fluentd:1 may run until 2026-09-30, 15 days left; use docker-registry.svc.toolforge.org/fluentd:1 (T394902)\n",
            0,
        ),
        (
            HOST,
            "2026-10-01",
            "refused Pod tool-ok/p\n  1 image of Pod tool-ok/p is not allowed:\n  - containers[c]: docker-registry.tools.wmflabs.org/fluentd:1: docker-registry.tools.wmflabs.org was approved until 2026-09-30; use docker-registry.svc.toolforge.org/fluentd:1 (T394902)\n",
            1,
        ),
        (
            IMAGE,
            "2026-10-31",
            "warning Pod tool-ok/p\n  tools-harbor.wmcloud.org/tool-ok/web:1 may run until 2026-10-31, less than a day left; use tools-harbor.wmcloud.org/tool-ok/web:2 (web:1 is no longer maintained)\n",
            0,
        ),
        (
            IMAGE,
            "2026-11-01",
            "refused Pod tool-ok/p\n  1 image of Pod tool-ok/p is not allowed:\n  - containers[c]: tools-harbor.wmcloud.org/tool-ok/web:1 was allowed until 2026-10-31 (denied_images: tools-harbor.wmcloud.org/tool-ok/web:1); use tools-harbor.wmcloud.org/tool-ok/web:2 (web:1 is no longer maintained)\n",
            1,
        ),
    ];
    for &(image, at, says, status) in CASES {
        let pod = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {{containers: [{{name: c, image: '{image}'}}]}}\n"
        );
        let counts = if status == 0 {
            "1 allowed, 0 refused"
        } else {
            "0 allowed, 1 refused\nfor the ways out of a refusal: enforcer why IMAGE --namespace NAMESPACE"
        };
        let arguments = format!("check {RETIRING} --namespace tool-ok --at {at} -");
        check(&arguments, &pod, &format!("standard input:1: {says}1 object: {counts}\n"), status);
    }
}

/// An image, a day, how the answer begins, the line of the rule, and what to do.
#[rustfmt::skip]
const WHY: &[(&str, &str, &str, &str, &str, i32)] = &[
    (HOST, "2026-09-30", "ALLOWED in tool-ok on 2026-09-30: docker-registry.tools.wmflabs.org/fluentd:1 comes from an approved registry, and may run until 2026-09-30\n",
        "=> registry_prefixes[2] (retiring.yaml:4): approves it until 2026-09-30\n",
        "\nWhat to do before the end:\n- use docker-registry.svc.toolforge.org/fluentd:1\n", 0),
    (HOST, "2026-10-01", "REFUSED in tool-ok on 2026-10-01: docker-registry.tools.wmflabs.org/fluentd:1: docker-registry.tools.wmflabs.org was approved until 2026-09-30; use docker-registry.svc.toolforge.org/fluentd:1 (T394902)\n",
        "   registry_prefixes[2] (retiring.yaml:4): approved it until 2026-09-30\n",
        "\nWhat would change that:\n- use docker-registry.svc.toolforge.org/fluentd:1\n", 1),
    (IMAGE, "2026-10-31", "ALLOWED in tool-ok on 2026-10-31: tools-harbor.wmcloud.org/tool-ok/web:1 comes from an approved registry, and may run until 2026-10-31\n",
        "   denied_images[0] (retiring.yaml:9): lets it run until 2026-10-31\n",
        "\nWhat to do before the end:\n- use tools-harbor.wmcloud.org/tool-ok/web:2\n", 0),
    (IMAGE, "2026-11-01", "REFUSED in tool-ok on 2026-11-01: tools-harbor.wmcloud.org/tool-ok/web:1 was allowed until 2026-10-31 (denied_images: tools-harbor.wmcloud.org/tool-ok/web:1); use tools-harbor.wmcloud.org/tool-ok/web:2 (web:1 is no longer maintained)\n",
        "=> denied_images[0] (retiring.yaml:9): let it run until 2026-10-31\n",
        "\nWhat would change that:\n- use tools-harbor.wmcloud.org/tool-ok/web:2\n", 1),
];

#[test]
fn why_says_so_before_and_after() {
    for &(image, at, begins, rule, ways, status) in WHY {
        let arguments = format!("why {image} --namespace tool-ok {RETIRING} --at {at}");
        let output = run(&arguments.split_whitespace().collect::<Vec<_>>(), "");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.starts_with(begins) && text.contains(rule) && text.contains(ways), "{text} {}", errors(&output));
        assert_eq!(output.status.code(), Some(status), "{image} {at}");
    }
    // A denial that begins before the exception ends.
    let arguments = format!("why quay.io/mix/web:2.1 --namespace tool-mix {RETIRING} --at 2026-09-15");
    let output = run(&arguments.split_whitespace().collect::<Vec<_>>(), "");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("quay.io/mix/web:2.1 is let in by an exception, until 2026-11-30\n"), "{text}");
}
