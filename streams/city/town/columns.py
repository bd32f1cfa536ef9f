"""The departments' files: columns in order and how each is written. The first column is the record's key.

Written `name:kind`; kinds: p person, u enterprise code, r real-estate unit, c certificate, d date, m month,
n number, k code; none: text. A line that begins with a space goes on. Must not know: the catalog (a test
holds the two together).
"""

from types import MappingProxyType

_FILES = """
hrss.unemployment_benefit claim_no person_id:p name month:m amount:n
hrss.social_insurance record_no person_id:p name employer_uscc:u period_start:d period_end:d kind:k paid_on:d
tax.wage_withholding record_no person_id:p name employer_uscc:u month:m income:n
market.enterprise uscc:u name legal_rep_id:p legal_rep_name status:k registered_on:d cancelled_on:d
police.death_registration registration_no person_id:p name died_on:d registered_on:d kind:k
health.death certificate_no person_id:p name died_on:d place:k
civil.low_income_approval approval_no person_id:p name approved_on:d ended_on:d
tax.income_month record_no person_id:p name employer_uscc:u month:m income:n kind:k
police.tenancy registration_no property_no:r tenant_id:p name moved_in:d moved_out:d kind:k
housing.public_rental allocation_no property_no:r from_on:d to_on:d
eastcivil.disability_subsidy payment_no person_id:p name month:m kind:k status:k amount:n
westcivil.disability_subsidy payment_no person_id:p name month:m kind:k status:k amount:n
civil.low_income_review review_no person_id:p name quarter_start:d quarter_end:d declared_income:n
civil.low_income_payment payment_no person_id:p name month:m amount:n
civil.work_grace approval_no person_id:p name from_on:d to_on:d
police.vehicle record_no owner_id:p name plate_no kind:k status:k registered_on:d deregistered_on:d
naturalres.ownership title_no owner_id:p name property_no:r use:k share:k registered_on:d ended_on:d
hrss.pension_payment payment_no person_id:p name month:m kind:k amount:n
hrss.pension_repayment repayment_no person_id:p name month:m amount:n
civil.cremation cremation_no person_id:p name died_on:d cremated_on:d
market.registration uscc:u name legal_rep_id:p legal_rep_name status:k registered_on:d cancelled_on:d
market.simple_cancellation notice_no uscc:u announced_on:d closed_on:d
market.pending_change application_no uscc:u status:k filed_on:d
tax.taxpayer taxpayer_no uscc:u name legal_rep_id:p status:k registered_on:d deregistered_on:d
quality.organisation record_no uscc:u name legal_rep_id:p status:k issued_on:d voided_on:d
naturalres.land_transfer contract_no property_no:r developer_uscc:u signed_on:d agreed_start_on:d
naturalres.delay_approval approval_no property_no:r approved_on:d
housing.construction_permit permit_no property_no:r builder_uscc:u issued_on:d
housing.sale_contract contract_no property_no:r buyer_id:p signed_on:d price:n pricing:k status:k
naturalres.title_transfer transfer_no property_no:r buyer_id:p kind:k registered_on:d
naturalres.title_correction correction_no property_no:r corrected_on:d
tax.deed_tax declaration_no property_no:r payer_id:p paid_on:d price:n
tax.deed_tax_exemption exemption_no property_no:r granted_on:d
market.equity_transfer record_no transferor_id:p name company_uscc:u kind:k registered_on:d
tax.equity_tax record_no person_id:p name company_uscc:u paid_on:d
tax.equity_filing filing_no person_id:p name filed_on:d
tax.rental_tax declaration_no property_no:r landlord_id:p rent_from:d rent_to:d rent:n
hrss.contribution_base declaration_no person_id:p name employer_uscc:u year_start:d year_end:d annual_base:n
hrss.base_adjustment adjustment_no person_id:p name year_start:d year_end:d adjusted_on:d
hrss.employer_headcount record_no uscc:u month:m insured:n
tax.withholding_headcount record_no uscc:u month:m paid:n kind:k
market.food_inspection inspection_no uscc:u inspected_on:d found:k trade:k
market.food_rating rating_no uscc:u grade:k valid_from:d valid_to:d
market.food_recall recall_no uscc:u level:k origin:k announced_on:d
permits.food_licence licence_no uscc:u status:k valid_from:d valid_to:d
permits.food_filing filing_no uscc:u filed_on:d ended_on:d
permits.licence_renewal application_no uscc:u filed_on:d decided_on:d
enforce.penalty decision_no uscc:u decided_on:d severity:k status:k
civil.marriage party_no person_id:p name registered_on:d ended_on:d status:k
court.divorce judgement_no person_id:p name effective_on:d
health.birth_certificate certificate_no:c mother_id:p child_name born_on:d
health.certificate_reissue record_no certificate_no:c voided_on:d
police.birth_registration registration_no certificate_no:c child_id:p registered_on:d
police.moved_away record_no person_id:p name moved_on:d
housing.lease_filing filing_no property_no:r landlord_id:p from_on:d to_on:d
housing.engineer_registration registration_no certificate_no:c holder_id:p name employer_uscc:u
  status:k from_on:d to_on:d
disabled.disability_certificate certificate_no person_id:p name level:k issued_on:d expires_on:d
civil.institution_care record_no person_id:p name from_on:d to_on:d
hrss.injury_care record_no person_id:p name from_on:d to_on:d
medins.premium_waiver record_no person_id:p name year_start:d year_end:d
"""

Columns = tuple[tuple[str, str], ...]


def _parse(line: str) -> tuple[str, Columns]:
    resource, *columns = line.split()
    pairs = (column.partition(":") for column in columns)
    return resource, tuple((name, kind or "t") for name, _, kind in pairs)


FILES = MappingProxyType(dict(map(_parse, _FILES.strip().replace("\n ", " ").splitlines())))
"""Resource to (column, kind) pairs."""


def header(resource: str) -> tuple[str, ...]:
    """Column names."""
    return tuple(name for name, _ in FILES[resource])


def subject_column(resource: str) -> tuple[str, str]:
    """The column that says whom a record is about, and its kind."""
    if resource == "market.enterprise":  # by its legal representative; enterprises are in market.registration
        return "legal_rep_id", "p"
    return next((name, kind) for name, kind in FILES[resource] if kind in "purc")
