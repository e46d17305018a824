-- The statements of a chain of DVD shops, with what they are called here and how often they come
-- in a day: Sakila's stored procedures and functions as single statements (film_in_stock,
-- inventory_held_by_customer, get_customer_balance, rewards_report), the examples of its manual,
-- queries on its views, and what an ORM sends for its forms.
-- Sources: https://dev.mysql.com/doc/sakila/en/sakila-usage.html, sakila-structure.html, and
-- mysql-sakila-schema.sql of github.com/jOOQ/sakila.

-- query: film_in_stock 4000
SELECT inventory_id FROM inventory WHERE film_id = ? AND store_id = ? AND NOT EXISTS (SELECT 1 FROM rental WHERE rental.inventory_id = inventory.inventory_id AND rental.return_date IS NULL);

-- query: film_not_in_stock 900
SELECT inventory_id FROM inventory WHERE film_id = ? AND store_id = ? AND EXISTS (SELECT 1 FROM rental WHERE rental.inventory_id = inventory.inventory_id AND rental.return_date IS NULL);

-- query: held_by_customer 3000
SELECT customer_id FROM rental WHERE return_date IS NULL AND inventory_id = ?;

-- query: inventory_in_stock 3000
SELECT COUNT(rental_id) FROM inventory LEFT JOIN rental USING (inventory_id) WHERE inventory.inventory_id = ? AND rental.return_date IS NULL;

-- query: balance_fees 2500
SELECT IFNULL(SUM(film.rental_rate), 0) FROM film, inventory, rental WHERE film.film_id = inventory.film_id AND inventory.inventory_id = rental.inventory_id AND rental.rental_date <= ? AND rental.customer_id = ?;

-- query: balance_paid 2500
SELECT IFNULL(SUM(payment.amount), 0) FROM payment WHERE payment.payment_date <= ? AND payment.customer_id = ?;

-- query: rewards 2
SELECT p.customer_id FROM payment AS p WHERE DATE(p.payment_date) BETWEEN ? AND ? GROUP BY customer_id HAVING SUM(p.amount) > ? AND COUNT(customer_id) > ?;

-- query: overdue 200
SELECT customer.last_name || ', ' || customer.first_name AS customer, address.phone, film.title FROM rental INNER JOIN customer ON rental.customer_id = customer.customer_id INNER JOIN address ON customer.address_id = address.address_id INNER JOIN inventory ON rental.inventory_id = inventory.inventory_id INNER JOIN film ON inventory.film_id = film.film_id WHERE rental.return_date IS NULL AND JULIANDAY(rental_date) + film.rental_duration < JULIANDAY(?) ORDER BY title LIMIT 5;

-- query: out_of_store 150
SELECT r.rental_id, r.rental_date, r.customer_id, i.film_id FROM rental r JOIN inventory i ON i.inventory_id = r.inventory_id WHERE r.return_date IS NULL AND i.store_id = ? ORDER BY r.rental_date LIMIT 50;

-- query: customer_rentals 3000
SELECT r.rental_id, r.rental_date, r.return_date, f.title FROM rental r JOIN inventory i ON i.inventory_id = r.inventory_id JOIN film f ON f.film_id = i.film_id WHERE r.customer_id = ? ORDER BY r.rental_date DESC LIMIT 20;

-- query: customer_open 2500
SELECT rental_id, inventory_id FROM rental WHERE customer_id = ? AND return_date IS NULL;

-- query: customer_payments 1500
SELECT payment_id, amount, payment_date FROM payment WHERE customer_id = ? ORDER BY payment_date DESC LIMIT 10 OFFSET ?;

-- query: customer_by_name 700
SELECT * FROM customer WHERE last_name = ? COLLATE NOCASE ORDER BY first_name;

-- query: customer_by_prefix 900
SELECT customer_id, first_name, last_name FROM customer WHERE last_name LIKE ? AND active = 1 ORDER BY last_name, first_name LIMIT 20;

-- query: customer_by_either 300
SELECT customer_id, first_name, last_name FROM customer WHERE email = ? OR last_name = ?;

-- query: customer_by_mail 1200
SELECT customer_id, store_id, active FROM customer WHERE lower(email) = lower(?);

-- query: customer_list_city 60
SELECT name, address, phone FROM customer_list WHERE city = ? AND country = ? ORDER BY name;

-- query: customer_list_store 20
SELECT ID, name, notes FROM customer_list WHERE SID = ? AND notes = '' ORDER BY name LIMIT 100;

-- query: film_list_category 120
SELECT FID, title, price, rating, group_concat(actors, ', ') FROM film_list WHERE category = ? GROUP BY FID, title, price, rating ORDER BY title LIMIT 30;

-- query: film_list_one 1500
SELECT title, category, actors FROM film_list WHERE FID = ?;

-- query: sales_by_store 4
SELECT store, manager, total_sales FROM sales_by_store;

-- query: sales_by_category 4
SELECT category, total_sales FROM sales_by_film_category ORDER BY total_sales DESC;

-- query: sales_of_day 100
SELECT staff_id, COUNT(*), SUM(amount) FROM payment WHERE payment_date >= ? AND payment_date < ? GROUP BY staff_id;

-- query: sales_of_months 10
SELECT STRFTIME('%Y-%m', payment_date) AS month, SUM(amount) AS total, SUM(SUM(amount)) OVER (ORDER BY STRFTIME('%Y-%m', payment_date)) AS running FROM payment GROUP BY month ORDER BY month;

-- query: unlinked_payments 24
SELECT payment_id, customer_id, amount FROM payment WHERE rental_id IS NULL ORDER BY payment_date LIMIT 100;

-- query: payment_of_rental 1200
SELECT payment_id, amount FROM payment WHERE rental_id = ?;

-- query: film_by_title 800
SELECT film_id, title, rating, length FROM film WHERE title LIKE ? LIMIT 20;

-- query: film_search 400
SELECT film_id, title, rental_rate FROM film WHERE rating IN (?, ?) AND length BETWEEN ? AND ? ORDER BY rental_rate, title LIMIT 25;

-- query: film_rate 200
SELECT film_id, title FROM film WHERE rental_rate = ? AND rating = ? ORDER BY title;

-- query: film_top 50
WITH hired AS (SELECT i.film_id, COUNT(*) AS times FROM rental r JOIN inventory i ON i.inventory_id = r.inventory_id WHERE r.rental_date >= ? GROUP BY i.film_id) SELECT f.title, h.times, RANK() OVER (ORDER BY h.times DESC) AS place FROM hired h JOIN film f ON f.film_id = h.film_id ORDER BY h.times DESC LIMIT 10;

-- query: film_never_hired 2
SELECT f.film_id, f.title FROM film f WHERE f.film_id NOT IN (SELECT i.film_id FROM inventory i JOIN rental r ON r.inventory_id = i.inventory_id) ORDER BY f.title;

-- query: actor_films 900
SELECT f.film_id, f.title FROM film f JOIN film_actor fa ON fa.film_id = f.film_id WHERE fa.actor_id = ? ORDER BY f.title;

-- query: actor_by_name 500
SELECT actor_id, first_name, last_name FROM actor WHERE last_name = ? AND first_name = ?;

-- query: newest_rental 600
SELECT MAX(rental_date) FROM rental WHERE customer_id = ?;

-- query: newest_rentals_of_store 60
SELECT c.customer_id, (SELECT MAX(r.rental_date) FROM rental r WHERE r.customer_id = c.customer_id) AS last_rental FROM customer c WHERE c.store_id = ? AND c.last_name >= ? ORDER BY c.last_name LIMIT 50;

-- query: last_per_customer 5
SELECT * FROM (SELECT rental_id, customer_id, rental_date, ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY rental_date DESC) AS n FROM rental WHERE staff_id = ? AND rental_date >= ?) WHERE n = 1;

-- query: rental_insert 2500
INSERT INTO rental (rental_date, inventory_id, customer_id, staff_id, last_update) VALUES (?, ?, ?, ?, ?) RETURNING rental_id;

-- query: rental_upsert 200
INSERT INTO rental (rental_date, inventory_id, customer_id, staff_id, last_update) VALUES (?, ?, ?, ?, ?) ON CONFLICT (rental_date, inventory_id, customer_id) DO UPDATE SET staff_id = excluded.staff_id;

-- query: payment_insert 2500
INSERT INTO payment (customer_id, staff_id, rental_id, amount, payment_date, last_update) VALUES (?, ?, ?, ?, ?, ?);

-- query: rental_return 2400
UPDATE rental SET return_date = ? WHERE inventory_id = ? AND return_date IS NULL;

-- query: customer_touch 300
UPDATE customer SET active = ? WHERE customer_id = ?;

-- query: customers_sleep 1
UPDATE customer SET active = 0 WHERE active = 1 AND customer_id NOT IN (SELECT customer_id FROM rental WHERE rental_date >= ?);

-- query: payments_purge 1
DELETE FROM payment WHERE payment_date < ? AND rental_id IN (SELECT rental_id FROM rental WHERE return_date < ?);

-- query: rental_cancel 30
DELETE FROM rental WHERE rental_id = ?;
