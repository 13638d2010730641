//! The examples of every command, once: its page of help begins with them, and its manual page has them. A test reads each as a
//! shell would and gives it to the parser.

/// The examples of the command that is called so, without the `passport` at the front; each line is indented by two spaces, and one
/// that ends in a backslash goes on in the next.
pub(crate) fn of(path: &str) -> Option<&'static str> {
    EXAMPLES.iter().find(|(of, _)| *of == path).map(|(_, text)| *text)
}

/// By how a command is called.
pub(crate) const EXAMPLES: &[(&str, &str)] = &[
    (
        "",
        r#"  passport demo                   # watch an agent's day, on throw-away data
  passport serve --dev            # try an issuer out on this machine
  passport init                   # set one up: a few questions, a settings file
  passport inspect < ollie.passport
  passport verify --trust trust.bundle --audience https://shop.example \
    --action buy --resource shop --attr amount:=42 < ollie.passport"#,
    ),
    (
        "init",
        r#"  passport init
  passport init --yes --issuer https://issuer.example
  passport init --yes --issuer https://issuer.example \
    --config /etc/passport.toml --data /var/lib/passport \
    --database postgres://passport@db.example/passport"#,
    ),
    (
        "serve",
        r#"  passport serve --dev            # keys unsealed, this machine alone
  passport serve --config /etc/passport.toml
  passport serve --issuer https://issuer.example --data /var/lib/passport \
    --passphrase-file /etc/passport.passphrase"#,
    ),
    ("admin-passport", r#"  passport admin-passport --data DIR -o DIR/admin.passport"#),
    (
        "migrate",
        r#"  passport migrate --from sqlite:DIR/passport.db --data DIR \
    --to postgres://passport@db.example/passport"#,
    ),
    (
        "backup",
        r#"  passport backup passport-2026-05-30.backup
  passport backup --data DIR passport-2026-05-30.backup"#,
    ),
    (
        "restore",
        r#"  passport restore passport-2026-05-30.backup --data DIR
  passport serve --data DIR --passphrase-file FILE"#,
    ),
    (
        "doctor",
        r#"  passport doctor --data DIR --passphrase-file FILE
  passport doctor --data DIR --url https://issuer.example
  passport doctor --spool /var/lib/shop/spool"#,
    ),
    ("demo", r#"  passport demo"#),
    (
        "agents",
        r#"  passport agents create "Ollie" --id agent_ollie
  passport agents list
  passport agents disable agent_ollie --reason "left the team""#,
    ),
    (
        "agents create",
        r#"  passport agents create "Ollie" --id agent_ollie
  passport agents create "Ollie" --description "buys tickets""#,
    ),
    (
        "agents list",
        r#"  passport agents list
  passport agents list --limit 1000 --json"#,
    ),
    ("agents get", r#"  passport agents get agent_ollie"#),
    ("agents disable", r#"  passport agents disable agent_ollie --reason "left the team""#),
    ("agents enable", r#"  passport agents enable agent_ollie"#),
    (
        "issue",
        r#"  passport issue --agent agent_ollie --audience https://shop.example \
    --expires-in 1h -o ollie.passport --grant '{"resource":"shop",
      "allowedActions":["buy"],"constraints":{"amount":{"max":"50.00"}}}'
  passport issue --agent agent_ollie --template team-reports \
    --param team=north --dry-run
  passport issue --agent agent_ollie --template team-reports --param team=north
  passport issue --agent shop_service --role reporter --expires-in 30d"#,
    ),
    (
        "renew",
        r#"  passport renew --passport-file ollie.passport -o ollie.passport
  passport renew --passport-file ollie.passport --expires-in 10m \
    --grants narrow.json"#,
    ),
    (
        "passports",
        r#"  passport passports list --agent agent_ollie --state live
  passport passports show pp_0198c0de
  passport passports revoke pp_0198c0de --reason "the laptop was stolen""#,
    ),
    (
        "passports list",
        r#"  passport passports list
  passport passports list --agent agent_ollie --state live"#,
    ),
    ("passports show", r#"  passport passports show pp_0198c0de"#),
    (
        "passports revoke",
        r#"  passport passports revoke pp_0198c0de --reason "the laptop was stolen"
  passport passports revoke --agent agent_ollie --dry-run
  passport passports revoke --template team-reports --reason "too wide" \
    --issued-before 2026-05-30T00:00:00Z"#,
    ),
    (
        "templates",
        r#"  passport templates preview team-reports.json --param team=north
  passport templates save team-reports.json
  passport templates expand team-reports --param team=north
  passport issue --agent agent_ollie --template team-reports --param team=north"#,
    ),
    (
        "templates save",
        r#"  passport templates save team-reports.json
  passport templates save - < team-reports.json"#,
    ),
    ("templates list", r#"  passport templates list"#),
    (
        "templates show",
        r#"  passport templates show team-reports
  passport templates show team-reports --revision 2
  passport templates show team-reports --json > team-reports.json"#,
    ),
    ("templates expand", r#"  passport templates expand team-reports --param team=north --param pages:=20"#),
    (
        "templates preview",
        r#"  passport templates preview team-reports.json --param team=north
  passport templates show team-reports --json | passport templates preview - --param team=north"#,
    ),
    ("templates delete", r#"  passport templates delete team-reports"#),
    (
        "webhooks",
        r#"  passport webhooks create https://alerts.example/passport \
    --event decision.denied
  passport webhooks deliveries wh_0198c0de --state dead
  passport webhooks replay wh_0198c0de"#,
    ),
    (
        "webhooks create",
        r#"  passport webhooks create https://alerts.example/passport \
    --event decision.denied --event approval.requested --agent agent_ollie
  passport webhooks create https://siem.example/in --event '*'"#,
    ),
    ("webhooks list", r#"  passport webhooks list"#),
    ("webhooks show", r#"  passport webhooks show wh_0198c0de"#),
    ("webhooks delete", r#"  passport webhooks delete wh_0198c0de"#),
    ("webhooks rotate-secret", r#"  passport webhooks rotate-secret wh_0198c0de"#),
    ("webhooks enable", r#"  passport webhooks enable wh_0198c0de"#),
    ("webhooks disable", r#"  passport webhooks disable wh_0198c0de"#),
    (
        "webhooks deliveries",
        r#"  passport webhooks deliveries wh_0198c0de
  passport webhooks deliveries wh_0198c0de --state dead"#,
    ),
    (
        "webhooks replay",
        r#"  passport webhooks replay wh_0198c0de               # what was given up
  passport webhooks replay wh_0198c0de --since 1200  # everything from there on"#,
    ),
    (
        "inspect",
        r#"  passport inspect < ollie.passport
  passport inspect --trust trust.bundle < ollie.passport
  passport inspect --as prompt < ollie.passport
  passport inspect --try '{"action":"buy","resource":"shop","amount":42}' \
    < ollie.passport"#,
    ),
    (
        "verify",
        r#"  passport trust fetch --url https://issuer.example -o trust.bundle
  passport verify --trust trust.bundle --audience https://shop.example \
    --action buy --resource shop --attr amount:=42 < ollie.passport
  passport verify --trust trust.bundle --audience https://shop.example \
    --batch requests.jsonl"#,
    ),
    (
        "trust",
        r#"  passport trust fetch --url https://issuer.example -o trust.bundle
  passport trust show trust.bundle"#,
    ),
    (
        "trust fetch",
        r#"  passport trust fetch --url https://issuer.example -o trust.bundle
  # the first time, with the thumbprint that `passport keys list` shows the admin
  passport trust fetch --url https://issuer.example -o trust.bundle \
    --pin kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"#,
    ),
    (
        "trust show",
        r#"  passport trust show trust.bundle
  passport trust show jwks.json --issuer https://issuer.example"#,
    ),
    (
        "keys",
        r#"  passport keys list
  passport keys rotate
  passport keys revoke THUMBPRINT --reason "the disk was stolen" \
    --reissue new-passports"#,
    ),
    ("keys list", r#"  passport keys list"#),
    ("keys rotate", r#"  passport keys rotate"#),
    (
        "keys revoke",
        r#"  passport keys revoke THUMBPRINT --reason "the disk was stolen" \
    --reissue new-passports"#,
    ),
    (
        "approvals",
        r#"  passport approvals list
  passport approvals show apr_0198c0de
  passport approvals approve apr_0198c0de --reason "within the budget""#,
    ),
    (
        "approvals list",
        r#"  passport approvals list
  passport approvals list --state all"#,
    ),
    ("approvals show", r#"  passport approvals show apr_0198c0de"#),
    ("approvals approve", r#"  passport approvals approve apr_0198c0de --reason "within the budget""#),
    ("approvals deny", r#"  passport approvals deny apr_0198c0de --reason "not this month""#),
    (
        "approvals ask",
        r#"  passport approvals ask --passport-file ollie.passport \
    --request '{"action":"send","resource":"contracts/acme"}'"#,
    ),
    (
        "console",
        r#"  passport console
  passport console --url http://127.0.0.1:7700 \
    --passport-file passport-data/admin.passport"#,
    ),
    (
        "audit",
        r#"  passport audit tail -f
  passport audit list --agent agent_ollie --outcome deny
  passport audit export --format csv -o events.csv
  passport audit verify --data DIR --checkpoint kept.checkpoint"#,
    ),
    (
        "audit list",
        r#"  passport audit list --agent agent_ollie --outcome deny
  passport audit list --attr vendor=coachella.com --from 2026-05-30T00:00:00Z
  passport audit list --request req_0198c0de"#,
    ),
    (
        "audit prove",
        r#"  passport audit prove req_0198c0de -o decision.proof
  passport audit verify --proof decision.proof --key KEY"#,
    ),
    (
        "audit verify",
        r#"  passport audit verify --data DIR --checkpoint kept.checkpoint
  passport audit verify --export events.jsonl --key KEY --checkpoint FILE
  passport audit verify --proof decision.proof --key KEY"#,
    ),
    ("audit key", r#"  passport audit key --url https://issuer.example"#),
    (
        "audit resume",
        r#"  passport audit verify --data DIR --checkpoint kept.checkpoint
  passport audit resume --data DIR --passphrase-file FILE"#,
    ),
    (
        "audit tail",
        r#"  passport audit tail -f
  passport audit tail -n 100 --agent agent_ollie
  passport audit tail -f --json --after 1200"#,
    ),
    (
        "audit export",
        r#"  passport audit export -o events.jsonl
  passport audit export --format parquet --from 2026-05-01T00:00:00Z \
    -o may.parquet
  passport audit export --data DIR -o events.jsonl   # of an issuer that is stopped"#,
    ),
    (
        "audit counts",
        r#"  passport audit counts
  passport audit counts --by agent,reason --from 2026-05-30T00:00:00Z"#,
    ),
    (
        "audit findings",
        r#"  passport audit findings --open
  passport audit findings --reporter shop_service"#,
    ),
    ("audit reporters", r#"  passport audit reporters"#),
    (
        "audit differences",
        r#"  passport audit differences
  passport audit differences --reporter shop_service"#,
    ),
    (
        "test",
        r#"  passport test checkout.yaml
  passport test checkout.yaml refunds.json --junit results.xml"#,
    ),
    (
        "replay",
        r#"  passport replay --agent agent_ollie --grants narrow.json --since 30d
  passport replay --agent agent_ollie --template team-reports --param team=north
  passport replay --agent agent_ollie --passport pp_0198c0de --data DIR"#,
    ),
    (
        "shrink",
        r#"  passport shrink --agent agent_ollie --since 30d > narrow.json
  passport replay --agent agent_ollie --since 90d --grants narrow.json
  passport issue --agent agent_ollie --audience https://shop.example \
    --expires-in 1h --grants narrow.json -o ollie.passport"#,
    ),
    (
        "completions",
        r#"  passport completions bash > ~/.local/share/bash-completion/completions/passport
  passport completions fish > ~/.config/fish/completions/passport.fish"#,
    ),
    (
        "man",
        r#"  passport man ~/.local/share/man/man1
  passport man /usr/local/share/man/man1"#,
    ),
];
