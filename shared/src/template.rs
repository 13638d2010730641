//! Templates: named sets of grants with parameters (docs/format.md F2.13 to F2.18).
//!
//! A placeholder stands for a whole value or inside a text, and never decides what the grant around it means: a value has
//! no wildcard where a pattern is wanted, and is one segment where it stands inside one. What comes out is read by
//! [`Grant::read_all`], so that there is no second set of rules. Nothing here reads a clock or keeps anything.

mod parameter;
mod slot;
mod value;
mod writer;

use std::collections::BTreeSet;

use self::parameter::Parameter;
use self::value::Bound;
use self::writer::Writer;
use crate::fault::{Fault, Faults, Place};
use crate::grant::Grant;
use crate::json::{Controls, Document};
use crate::limits::TEMPLATE_BYTES;

/// Where the parameters stand in the body of a template, and the values in a body that uses one.
const PARAMETERS: &str = "/parameters";
/// Where the grants stand in the body of a template.
const GRANTS: &str = "/grants";

/// A set of grants with parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    parameters: Vec<Parameter>,
    /// The grants as JSON text, with placeholders in them.
    grants: String,
}

/// What a template comes to with values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expansion {
    /// The grants, which ordinary grants they are.
    pub grants: Vec<Grant>,
    /// Every parameter with its value, those that were left to their default included: a JSON object, in the order in
    /// which the template declares them.
    pub parameters: String,
}

impl Template {
    /// Reads a template that is to be kept, and looks at all of it: `parameters` is a JSON object, `grants` a JSON list.
    ///
    /// # Errors
    /// Everything that is wrong, with pointers into `/parameters` and `/grants`: faulty declarations, placeholders that
    /// name nothing or stand where none may, parameters that nothing uses, and grants that are not sound ones with each
    /// default and each value of an `enum`, or with a value of our choice where there is neither.
    pub fn check(parameters: &str, grants: &str) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::default();
        let template = Self { parameters: parameter::read_all(parameters, &mut faults), grants: grants.to_owned() };
        let mut found = faults.into_vec();
        let none = BTreeSet::new();
        // Where a value has to be a network, a word would not do.
        let first = match template.write(&template.samples(0, &none)) {
            Ok(first) => first,
            Err(fault) => {
                found.push(fault);
                return Err(found);
            }
        };
        for (index, parameter) in template.parameters.iter().enumerate() {
            if !first.used.contains(&index) && !first.misplaced {
                let place = Place::root(PARAMETERS);
                let detail = "no grant uses it; use it, or take it out".to_owned();
                found.push(Fault { pointer: place.name(&parameter.name).pointer(), detail });
            }
        }
        let declared = found.is_empty();
        let most = template.parameters.iter().map(|parameter| parameter.choices().len()).max().unwrap_or_default();
        for variant in 0..=most {
            let written = template.write(&template.samples(variant, &first.networks)).map_err(|fault| vec![fault])?;
            let faults = distinct(written.faults);
            let more = match faults.is_empty() && declared {
                true => Grant::read_all(&written.text, GRANTS).err().unwrap_or_default(),
                false => faults,
            };
            for fault in more {
                if !found.contains(&fault) {
                    found.push(fault);
                }
            }
        }
        if found.is_empty() { Ok(template) } else { Err(found) }
    }

    /// Reads a template that was kept: one that [`check`](Self::check) has found sound before.
    ///
    /// # Errors
    /// What is wrong with its declarations.
    pub fn read(parameters: &str, grants: &str) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::default();
        let parameters = parameter::read_all(parameters, &mut faults);
        if faults.is_empty() { Ok(Self { parameters, grants: grants.to_owned() }) } else { Err(faults.into_vec()) }
    }

    /// The grants with these values, a JSON object of parameters.
    ///
    /// # Errors
    /// Everything that is wrong with the values, with pointers into `/parameters`: unknown ones, missing ones without a
    /// default, wrong types, and values that would not be literal where they stand.
    pub fn expand(&self, values: &str) -> Result<Expansion, Vec<Fault>> {
        let mut faults = Faults::default();
        let bound = parameter::bind(&self.parameters, values, &mut faults);
        if !faults.is_empty() {
            return Err(faults.into_vec());
        }
        let written = self.write(&bound).map_err(|fault| vec![fault])?;
        if !written.faults.is_empty() {
            return Err(distinct(written.faults));
        }
        let told = |fault: Fault| Fault {
            pointer: PARAMETERS.to_owned(),
            detail: format!("with these values `{}` of the template cannot be: {}", fault.pointer, fault.detail),
        };
        let grants = Grant::read_all(&written.text, GRANTS).map_err(|wrong| wrong.into_iter().map(told).collect::<Vec<_>>())?;
        Ok(Expansion { grants, parameters: parameter::to_json(&self.parameters, &bound) })
    }

    /// Values for every parameter: what its declaration offers as number `variant`, or something of our choice.
    fn samples(&self, variant: usize, networks: &BTreeSet<usize>) -> Vec<Bound> {
        let sample = |(index, parameter): (usize, &Parameter)| parameter.sample(variant, networks.contains(&index));
        self.parameters.iter().enumerate().map(sample).collect()
    }

    /// The grants as JSON text with these values in them.
    fn write(&self, bound: &[Bound]) -> Result<writer::Written, Fault> {
        let fault = |detail: String| Fault { pointer: GRANTS.to_owned(), detail };
        if self.grants.len() > TEMPLATE_BYTES {
            return Err(fault(format!(
                "the grants of a template can have at most {TEMPLATE_BYTES} bytes; these have {}",
                self.grants.len()
            )));
        }
        let document = Document::read_value(self.grants.as_bytes(), Controls::Refused)
            .map_err(|error| fault(format!("the grants are not sound JSON: {error}")))?;
        Ok(Writer::new(&self.parameters, bound).grants(document.root(), &Place::root(GRANTS)))
    }
}

/// What was found, each but once: a value may stand in many places.
fn distinct(faults: Faults) -> Vec<Fault> {
    let mut found: Vec<Fault> = Vec::new();
    for fault in faults.into_vec() {
        if !found.contains(&fault) {
            found.push(fault);
        }
    }
    found
}

#[cfg(test)]
mod tests;
