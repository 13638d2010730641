//! An issuer in memory, whose keys, passports, revocations and clock move by chance.

use std::collections::BTreeSet;

use passport_keys::SigningKey;
use passport_shared::status_list::StatusList;
use passport_verifier::{Request, Trust};

use crate::generate::{AUDIENCE, Gen, ISSUER};
use crate::mint::{self, Bundle};

/// Passports that are shown at a time.
const PASSPORTS: usize = 160;

/// Keys that sign or have signed, at a time.
const KEYS: usize = 4;

/// Places in the status list.
const PLACES: u64 = 4_096;

const LIST: &str = "https://issuer.example/v1/status/0";

pub(super) struct World {
    now: i64,
    made: usize,
    keys: Vec<Key>,
    /// How many keys the bundle names, the newest: the others are forgotten.
    published: usize,
    revoked: BTreeSet<u64>,
    /// The place of the next passport in the list. What stood there before is forgotten.
    place: u64,
    /// Each passport, and its place in the list.
    tokens: Vec<(u64, String)>,
    trust: Trust,
    sequence: i64,
}

struct Key {
    signing: SigningKey,
    revoked: bool,
}

impl World {
    pub(super) fn new(dice: &mut Gen) -> Self {
        let keys = vec![Key { signing: mint::key("cache 0"), revoked: false }];
        let mut world = Self {
            now: 1_800_000_000,
            made: 1,
            keys,
            published: KEYS,
            revoked: BTreeSet::new(),
            place: 0,
            tokens: vec![],
            trust: Trust::none(ISSUER),
            sequence: 0,
        };
        for _ in 0..PASSPORTS {
            let token = world.issue(dice);
            world.tokens.push(token);
        }
        world.publish();
        world
    }

    pub(super) fn trust(&self) -> Trust {
        self.trust.clone()
    }

    pub(super) fn passports(&self) -> usize {
        self.tokens.len()
    }

    /// Moves on by a step. Whether what is to be believed has changed.
    pub(super) fn changes(&mut self, dice: &mut Gen) -> bool {
        if dice.chance(40) {
            self.now += i64::try_from(dice.below(20)).expect("small");
        }
        let at = dice.below(PASSPORTS);
        if dice.chance(40) {
            self.tokens[at] = self.issue(dice);
        }
        match dice.below(2_000) {
            0..10 => _ = self.revoked.insert(self.tokens[at].0),
            10 if dice.chance(500) => self.rotate(),
            10 => {
                let at = dice.below(self.keys.len());
                self.keys[at].revoked = true;
                // Whoever signs has a key that is not.
                self.rotate();
            }
            11 => self.published = if dice.chance(700) { KEYS } else { 1 + dice.below(KEYS) },
            // The verifiers lose all trust, for a moment.
            12 => {
                self.trust = Trust::none(ISSUER);
                return true;
            }
            // Nothing new, but fresh; more often than passports live, less often than the list is fresh.
            13..20 => {}
            _ => return false,
        }
        self.publish();
        true
    }

    fn rotate(&mut self) {
        self.keys.push(Key { signing: mint::key(&format!("cache {}", self.made)), revoked: false });
        self.made += 1;
        if self.keys.len() > KEYS {
            self.keys.remove(0);
        }
    }

    fn publish(&mut self) {
        self.sequence += 1;
        let Some(signer) = self.keys.iter().rev().find(|key| !key.revoked) else { return };
        let list = StatusList::new(usize::try_from(PLACES).expect("small"), self.revoked.iter().copied());
        let keys = self.keys.iter().rev().take(self.published).filter(|key| !key.revoked).map(|key| &key.signing).collect();
        let revoked = self.keys.iter().filter(|key| key.revoked).map(|key| &key.signing).collect();
        self.trust = Bundle {
            keys,
            revoked,
            lists: vec![mint::status_list(&signer.signing, LIST, &list, self.now)],
            issued_at: self.now,
            sequence: self.sequence,
            ..Bundle::of(&signer.signing)
        }
        .trust();
    }

    /// A passport of a life from a minute to some hours, by any key that was not forgotten.
    fn issue(&mut self, dice: &mut Gen) -> (u64, String) {
        self.made += 1;
        self.place = (self.place + 1) % PLACES;
        self.revoked.remove(&self.place);
        let key = dice.below(self.keys.len());
        let (from, life) = (self.now + i64::try_from(dice.below(40)).expect("small") - 5, [60, 600, 6_000][dice.below(3)]);
        let audience = if dice.chance(30) { "https://other.example" } else { AUDIENCE };
        let status = match dice.below(5) {
            0 => String::new(),
            1 => r#","status":{"status_list":{"idx":1,"uri":"https://issuer.example/v1/status/9"}}"#.to_owned(),
            _ => format!(r#","status":{{"status_list":{{"idx":{},"uri":"{LIST}"}}}}"#, self.place),
        };
        let ends = if dice.chance(200) { r#","expiresAt":"2027-01-15T08:30:00Z""# } else { "" };
        let claims = format!(
            r#"{{"iss":"{ISSUER}","sub":"agent_{}","aud":["{audience}"],"iat":{from},"exp":{},"jti":"pp_{}"{status},"authorization_details":[{{"type":"permission_passport","resource":"commerce","allowedActions":["buy"],"constraints":{{"amount":{{"max":100}}}}{ends}}},{{"type":"permission_passport","resource":"drive/**","allowedActions":["read","share.*"],"blockedActions":["share.public"],"requiresApproval":{}}}]}}"#,
            self.made % 7,
            from + life,
            self.made,
            dice.chance(300),
        );
        (self.place, mint::passport(&self.keys[key].signing, &claims))
    }

    /// The token of a passport, now and then spoilt.
    pub(super) fn token(&self, dice: &mut Gen) -> String {
        let (_, mut token) = dice.pick(&self.tokens).clone();
        if dice.chance(50) {
            let at = dice.below(token.len());
            let other = if token.as_bytes()[at] == b'A' { "B" } else { "A" };
            token.replace_range(at..=at, other);
        }
        token
    }

    pub(super) fn request(&self, dice: &mut Gen) -> Request {
        let request = match dice.below(6) {
            0 => Request::new("share.public").on("drive/plans"),
            1 => Request::new("share.team").on("drive/plans/q3"),
            2 => Request::new("read").on("drive"),
            3 => Request::new("buy"),
            4 => Request::new("").on("commerce"),
            _ => Request::new("buy").on("commerce"),
        };
        let request = request.with("amount", i64::try_from(dice.below(120)).expect("small"));
        if dice.chance(100) { request.by(format!("agent_{}", dice.below(7))) } else { request }
    }

    /// The time of a decision: mostly now, sometimes what a clock gone wrong says.
    pub(super) fn now(&self, dice: &mut Gen) -> i64 {
        match dice.below(200) {
            0 => -1,
            1 => self.now - 3_600,
            2 => self.now + 90_000,
            3..10 => self.now + i64::try_from(dice.below(7_000)).expect("small"),
            _ => self.now,
        }
    }
}
