-- Thirty-one days after a birth no registration names the certificate, and it was not replaced.
SELECT certificate_no AS key, state(
    born_on + 31 < getvariable('today')
        AND NOT EXISTS (FROM police_birth_registration r WHERE r.certificate_no = b.certificate_no),
    NOT EXISTS (FROM health_certificate_reissue v WHERE v.certificate_no = b.certificate_no)) AS state
FROM health_birth_certificate b
